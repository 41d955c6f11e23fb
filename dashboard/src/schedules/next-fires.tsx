import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { formatInZone, formatMoment } from '../ui/format.ts';
import { Time } from '../ui/time.tsx';
import { PreviewScheduleQuery } from './documents.ts';

interface FireTimesProps {
  readonly times: readonly string[];
  /** The zone that the schedule is meant in: where it is not the viewer's, each moment stands in it, too. */
  readonly zone: string;
}

/** Moments to come, each as a distance and as the exact instant in the viewer's zone. */
export function FireTimes({ times, zone }: FireTimesProps) {
  if (times.length === 0) return <p className="text-muted">It does not fire any more.</p>;
  const isOwnZone = zone === Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <ol className="grid gap-1">
      {times.map((at) => (
        <li key={at} className="flex flex-wrap justify-between gap-x-4">
          <span>
            {formatMoment(at)}
            {isOwnZone ? null : <span className="block text-xs text-muted">{formatInZone(at, zone)}</span>}
          </span>
          <span className="text-muted">
            <Time at={at} zone={zone} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** How long typing rests before the server is asked. */
const REST_MS = 250;

interface FirePreviewProps {
  readonly cron: string;
  readonly runAt: string;
  readonly timezone: string;
}

/** The next moments of what is being typed, or why it cannot be used. */
export function FirePreview({ cron, runAt, timezone }: FirePreviewProps) {
  const isEmpty = cron === '' && runAt === '';
  const typed = JSON.stringify(cron === '' ? { runAt } : { cron, timezone });
  const rested = useRested(typed);
  const [{ data, error, fetching }] = useQuery({
    query: PreviewScheduleQuery,
    variables: { input: JSON.parse(rested) },
    pause: isEmpty,
  });
  if (isEmpty) return <p className="text-muted">The next moments appear here.</p>;
  // What is shown is never that of an older text.
  if (fetching || rested !== typed) return <p className="text-muted">…</p>;
  if (error) {
    return (
      <p role="alert" className="text-bad">
        {toProblem(error).text}
      </p>
    );
  }
  return <FireTimes times={data?.previewSchedule ?? []} zone={timezone} />;
}

function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
