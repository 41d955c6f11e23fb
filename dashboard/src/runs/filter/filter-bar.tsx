import { useNavigate } from '@tanstack/react-router';
import { useCombobox } from 'downshift';
import { Search, X } from 'lucide-react';
import { type KeyboardEvent, type SyntheticEvent, useRef, useState } from 'react';
import { useShortcuts } from '../../app/shortcuts.ts';
import { withoutToken, withTokens } from './edit-filter.ts';
import type { ReadFilter } from './read-filter.ts';
import { readDraft, type Suggestion } from './suggest.ts';
import { splitTokens } from './token.ts';
import { TokenChip } from './token-chip.tsx';
import { useSuggestions } from './use-suggestions.ts';

interface FilterBarProps {
  /** The filter as it is written. */
  readonly text: string;
  readonly read: ReadFilter;
  /** Changes the filter as it is by then: several changes may be made before it is drawn again. */
  readonly onChange: (edit: (text: string) => string) => void;
}

/** One field for everything a list of runs can be filtered by: tokens that are done are chips, the one being written has suggestions. */
export function FilterBar({ text, read, onChange }: FilterBarProps) {
  const input = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const [draft, setDraft] = useState('');
  const suggestions = useSuggestions(draft);
  useShortcuts([{ keys: '/', label: 'Filter the runs', run: () => input.current?.focus() }]);

  const commit = (written: string) => {
    if (written.trim() !== '') onChange((before) => withTokens(before, written));
    setDraft('');
  };

  const { isOpen, highlightedIndex, setHighlightedIndex, getInputProps, getMenuProps, getItemProps, openMenu, closeMenu } =
    useCombobox<Suggestion>({
      items: [...suggestions],
      inputValue: draft,
      selectedItem: null,
      itemToString: (item) => item?.text ?? '',
      // Leaving the field takes nothing that only lay under the pointer.
      stateReducer: (_state, { type, changes }) =>
        type === useCombobox.stateChangeTypes.InputBlur ? { ...changes, selectedItem: null } : changes,
    });

  /** Takes a suggestion at once: the library would tell of it after the next key has been pressed. */
  const take = ({ text: token, leadsTo }: Suggestion) => {
    const next = readDraft(draft).before + token;
    setHighlightedIndex(-1);
    if (leadsTo === 'more') {
      setDraft(next);
      return;
    }
    closeMenu();
    if (leadsTo === 'run') void navigate({ href: `/runs/${token}` });
    else commit(next);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = suggestions[highlightedIndex];
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      leaveToUs(event);
      if (isOpen && chosen) take(chosen);
      else commit(draft);
    } else if (event.key === ' ' && isDone(draft)) {
      event.preventDefault();
      commit(draft);
    } else if (event.key === 'Backspace' && draft === '' && read.tokens.length > 0) {
      event.preventDefault();
      edit(read.tokens.length - 1);
    } else if (event.key === 'Escape' && !isOpen) input.current?.blur();
  };
  const edit = (index: number) => {
    setDraft(read.tokens[index]?.text ?? '');
    onChange((before) => withoutToken(before, index));
    input.current?.focus();
    openMenu();
  };
  const problems = read.tokens.flatMap(({ problem }) => problem ?? []);
  const shows = isOpen && suggestions.length > 0;

  return (
    <div className="relative min-w-0 flex-1 basis-full sm:basis-0">
      <div className="flex min-h-9 items-center gap-1.5 rounded-md border bg-surface py-1 pr-1 pl-2.5 focus-within:outline-2 focus-within:outline-accent">
        <Search aria-hidden className="size-4 shrink-0 text-muted" />
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-1">
          <ul aria-label="Filters in use" className="contents">
            {read.tokens.map((token, index) => (
              <TokenChip
                // biome-ignore lint/suspicious/noArrayIndexKey: a token is its place.
                key={`${index} ${token.text}`}
                token={token}
                onEdit={() => edit(index)}
                onRemove={() => onChange((before) => withoutToken(before, index))}
              />
            ))}
          </ul>
          <input
            {...getInputProps({
              ref: input,
              onKeyDown,
              'aria-label': 'Filter the runs',
              onChange: (event) => setDraft((event.target as HTMLInputElement).value),
              placeholder: read.tokens.length === 0 ? 'status:failed  job:…  payload.customer.id:42' : '',
              spellCheck: false,
              autoCapitalize: 'off',
              'aria-invalid': problems.length > 0 || undefined,
            })}
            className="h-6 min-w-24 flex-1 bg-transparent outline-none placeholder:text-muted"
          />
        </div>
        {text === '' ? null : (
          <button
            type="button"
            aria-label="Remove all filters"
            title="Remove all filters"
            onClick={() => onChange(() => '')}
            className="grid size-6 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
          >
            <X aria-hidden className="size-4" />
          </button>
        )}
      </div>
      <ul
        {...getMenuProps({ 'aria-label': 'Suggestions' })}
        className={
          shows
            ? 'absolute top-full z-20 mt-1 max-h-80 w-full max-w-2xl overflow-y-auto rounded-lg border bg-raised p-1 shadow-lg'
            : 'hidden'
        }
      >
        {shows
          ? suggestions.map((suggestion, index) => (
              <li
                key={suggestion.text}
                {...getItemProps({
                  item: suggestion,
                  index,
                  onClick: (event) => {
                    leaveToUs(event);
                    take(suggestion);
                  },
                })}
                className={`flex cursor-pointer items-baseline gap-3 rounded-md px-2 py-1 ${index === highlightedIndex ? 'bg-hover' : ''}`}
              >
                <span className="font-mono text-xs whitespace-nowrap">{suggestion.text}</span>
                <span className="min-w-0 truncate text-muted">{suggestion.hint}</span>
              </li>
            ))
          : null}
      </ul>
      <div role="alert" className="empty:hidden">
        {problems.map((problem) => (
          <p key={problem} className="mt-1 text-bad">
            {problem}
          </p>
        ))}
      </div>
    </div>
  );
}

/** Keeps the library from dealing with an event. */
function leaveToUs({ nativeEvent }: SyntheticEvent): void {
  Object.assign(nativeEvent, { preventDownshiftDefault: true });
}

/** Whether a blank ends what is written: its quotes are closed, and it asks for something. */
function isDone(draft: string): boolean {
  const last = splitTokens(draft).at(-1);
  return last?.value != null && last.value !== '' && splitTokens(`${draft} `).length === splitTokens(`${draft} x`).length - 1;
}
