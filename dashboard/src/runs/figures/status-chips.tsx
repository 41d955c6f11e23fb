import { formatCompact, formatNumber } from '../../ui/format.ts';
import { statusWords, type Tone, toneOf } from '../../ui/status-badge.tsx';
import { STATUSES, type Status } from '../filter/fields.ts';
import type { RunFigures } from './use-run-figures.ts';

const DOTS: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok',
  bad: 'bg-bad',
  warn: 'bg-warn',
  info: 'bg-info',
  accent: 'bg-accent',
  idle: 'bg-idle',
};

interface StatusChipsProps {
  /** Null while nothing has been counted. */
  readonly counts: RunFigures['counts'] | null;
  readonly chosen: readonly Status[];
  readonly onToggle: (status: Status) => void;
}

/** How many runs are in each status; pressed, only those are shown. */
export function StatusChips({ counts, chosen, onToggle }: StatusChipsProps) {
  const countOf = new Map(counts?.counts.map(({ status, count }) => [status, count]));
  const shown = STATUSES.filter((status) => chosen.includes(status) || (countOf.get(status) ?? 0) > 0);
  return (
    <fieldset className="flex h-8 min-w-0 items-center gap-1 overflow-x-auto">
      <legend className="sr-only">Runs by status{counts?.isCapped ? ', counted as far as is quick' : ''}</legend>
      {shown.map((status) => {
        const count = countOf.get(status) ?? 0;
        const isChosen = chosen.includes(status);
        return (
          <button
            key={status}
            type="button"
            aria-pressed={isChosen}
            title={`${formatNumber(count)} ${statusWords(status)}`}
            onClick={() => onToggle(status)}
            className={`inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-2.5 text-xs whitespace-nowrap ${isChosen ? 'border-accent bg-accent-soft text-accent' : 'bg-surface hover:bg-hover'}`}
          >
            <span aria-hidden className={`size-2 rounded-full ${DOTS[toneOf(status)]}`} />
            {statusWords(status)}
            <span className="font-medium tabular-nums">{formatCompact(count)}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
