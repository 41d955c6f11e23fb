import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';

interface SearchInputProps {
  /** What is searched, in words: its name, and its hint while it is empty. */
  readonly label: string;
  readonly value: string;
  /** Called when the typing pauses. */
  readonly onSearch: (text: string) => void;
}

const PAUSE_MS = 250;

/** A field to search with as one types; `/` goes there. */
export function SearchInput({ label, value, onSearch }: SearchInputProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const latest = useRef(onSearch);
  latest.current = onSearch;
  useShortcuts([{ keys: '/', label, run: () => input.current?.focus() }]);
  // The address may change by itself: back, forward, a link.
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => latest.current(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <label className="flex h-8 min-w-48 flex-1 items-center gap-2 rounded-md border bg-surface px-2.5 has-focus-visible:outline-2 has-focus-visible:outline-accent sm:max-w-sm">
      <Search aria-hidden className="size-4 shrink-0 text-muted" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        className="min-w-0 flex-1 bg-transparent outline-none placeholder:text-muted"
      />
    </label>
  );
}
