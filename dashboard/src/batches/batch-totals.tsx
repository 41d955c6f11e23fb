import { formatNumber } from '../ui/format.ts';
import { statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import type { Batch } from './documents.ts';

/** The statuses in the order of a run's life, and the names of their counts. */
const COUNTS = [
  ['COMPLETED', 'completed'],
  ['FAILED', 'failed'],
  ['TIMED_OUT', 'timedOut'],
  ['CRASHED', 'crashed'],
  ['SYSTEM_FAILED', 'systemFailed'],
  ['DEAD_LETTER', 'deadLetter'],
  ['CANCELED', 'canceled'],
  ['EXPIRED', 'expired'],
  ['EXECUTING', 'executing'],
  ['DEQUEUED', 'dequeued'],
  ['WAITING', 'waiting'],
  ['PAUSED', 'paused'],
  ['DELAYED', 'delayed'],
  ['QUEUED', 'queued'],
] as const;

/** A status that runs of a batch have. */
export type CountedStatus = (typeof COUNTS)[number][0];

const FILLS: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok',
  bad: 'bg-bad',
  warn: 'bg-warn',
  info: 'bg-info',
  accent: 'bg-accent',
  idle: 'bg-idle',
};

/** How many runs have which status; those nobody has are left out. */
export function countsOf({
  counts,
}: Pick<Batch, 'counts'>): readonly { readonly status: CountedStatus; readonly count: number }[] {
  return COUNTS.map(([status, field]) => ({ status, count: counts[field] })).filter(({ count }) => count > 0);
}

/** The runs of a batch by status, and the items that could not be made runs, as one bar; the words beside it say the same. */
export function TotalsBar({ batch }: { readonly batch: Pick<Batch, 'counts' | 'total' | 'failed'> }) {
  const counts = countsOf(batch);
  const words = counts.map(({ status, count }) => `${formatNumber(count)} ${statusWords(status)}`);
  const label = [...words, ...(batch.failed > 0 ? [`${formatNumber(batch.failed)} not made runs`] : [])].join(', ');
  const share = (count: number) => ({ width: `${(count / Math.max(batch.total, 1)) * 100}%` });
  return (
    <div
      role="img"
      aria-label={label || 'no runs yet'}
      title={label}
      className="flex h-2.5 w-full overflow-hidden rounded-full bg-hover"
    >
      {counts.map(({ status, count }) => (
        <div key={status} className={FILLS[toneOf(status)]} style={share(count)} />
      ))}
      {batch.failed > 0 ? <div className="bg-warn" style={share(batch.failed)} /> : null}
    </div>
  );
}
