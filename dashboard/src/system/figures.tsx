import { Link } from '@tanstack/react-router';
import { formatBytes, formatCompact, formatDuration, formatNumber } from '../ui/format.ts';
import { statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import type { Instance, Queue, Sample } from './documents.ts';
import { Figure } from './figure.tsx';

interface FiguresProps {
  /** Null until it is known. */
  readonly queue: Queue | null;
  readonly instance: Instance | null;
  readonly samples: readonly Sample[];
}

/** How things stand at this moment. */
export function Figures({ queue, instance, samples }: FiguresProps) {
  const [first] = samples;
  const growth = first && instance ? instance.databaseBytes - first.databaseBytes : null;
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-[repeat(auto-fit,minmax(10rem,1fr))]">
      <Figure label="In the queue" value={queue && formatNumber(queue.depth)}>
        {queue?.oldestDueAt ? (
          <>
            the oldest due <Time at={queue.oldestDueAt} />
          </>
        ) : (
          queue && 'none is due'
        )}
      </Figure>
      <Figure label="Executing" value={queue && formatNumber(queue.executing)}>
        {queue && <Unended queue={queue} />}
      </Figure>
      <Figure label="Ended in the last minute" value={queue && formatNumber(queue.endedLastMinute)}>
        {queue && `${formatCompact(queue.endedLastMinute / 60)} per second`}
      </Figure>
      {instance ? (
        <>
          <Figure label="Start latency, p95" value={instance.startP95Ms === null ? '–' : formatDuration(instance.startP95Ms)}>
            {instance.startP50Ms === null
              ? 'none started in the last minute'
              : `half within ${formatDuration(instance.startP50Ms)}`}
          </Figure>
          <Figure label="Database" value={formatBytes(instance.databaseBytes)}>
            {growth === null ? null : `${growth < 0 ? '−' : '+'}${formatBytes(Math.abs(growth))} in this time`}
          </Figure>
        </>
      ) : null}
    </dl>
  );
}

/** The runs that have begun to wait for something, by what they do, each a way to them. */
function Unended({ queue }: { readonly queue: Queue }) {
  const waiting = queue.counts.filter(({ status, count }) => count > 0 && /^(DELAYED|WAITING|PAUSED)$/.test(status));
  if (waiting.length === 0) return 'none waits';
  return waiting.map(({ status, count }, index) => (
    <span key={status}>
      {index > 0 ? ', ' : ''}
      <Link to="/runs" search={{ q: `status:${status.toLowerCase()}` }} className="underline hover:text-ink">
        {formatCompact(count)} {statusWords(status)}
      </Link>
    </span>
  ));
}
