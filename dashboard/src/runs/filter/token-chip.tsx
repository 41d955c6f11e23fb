import { X } from 'lucide-react';
import { formatDay } from '../../ui/format.ts';
import { statusWords } from '../../ui/status-badge.tsx';
import type { ReadToken } from './read-filter.ts';

interface TokenChipProps {
  readonly token: ReadToken;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

/** A token of the filter: pressed, it is written anew; its cross takes it out. */
export function TokenChip({ token, onEdit, onRemove }: TokenChipProps) {
  const { key, value, problem, text } = token;
  const isFaulty = problem !== null;
  return (
    <li
      title={problem ?? text}
      className={`inline-flex h-6 max-w-full items-center rounded-md ${isFaulty ? 'bg-bad-soft text-bad' : 'bg-accent-soft text-accent'}`}
    >
      <button
        type="button"
        aria-label={`Change ${text}`}
        onClick={onEdit}
        className="h-6 min-w-0 truncate rounded-md pl-2 text-left"
      >
        {value === null ? text : `${key}: `}
        {value === null ? null : <span className="font-medium">{shownValue(key, value)}</span>}
      </button>
      <button
        type="button"
        aria-label={`Remove ${text}`}
        onClick={onRemove}
        className="ml-0.5 grid size-6 shrink-0 place-items-center rounded-md hover:bg-hover"
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </li>
  );
}

/** Exact moments, as a brushed plot writes them, in the viewer's zone and words. */
function shownValue(key: string, value: string): string {
  if (key === 'status') return value.split(',').map(statusWords).join(', ');
  return value.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => formatDay(instant)).replace('..', ' – ');
}
