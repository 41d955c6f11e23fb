import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { formatExact } from '../ui/format.ts';
import { Time } from '../ui/time.tsx';
import { PreviewScheduleQuery } from './documents.ts';

/** Moments to come, each as a distance and as the exact instant in the viewer's zone. */
export function FireTimes({ times }: { readonly times: readonly string[] }) {
  if (times.length === 0) return <p className="text-muted">It does not fire any more.</p>;
  return (
    <ol className="grid gap-1">
      {times.map((at) => (
        <li key={at} className="flex flex-wrap justify-between gap-x-4">
          <span>{formatExact(at)}</span>
          <span className="text-muted">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** How long typing rests before the server is asked. */
const REST_MS = 250;

/** The next moments of what is being typed, or why it cannot be used. */
export function FirePreview({
  cron,
  runAt,
  timezone,
}: {
  readonly cron: string;
  readonly runAt: string;
  readonly timezone: string;
}) {
  const input = cron === '' ? { runAt } : { cron, timezone };
  const rested = useRested(JSON.stringify(input));
  const [{ data, error, fetching }] = useQuery({
    query: PreviewScheduleQuery,
    variables: { input: JSON.parse(rested) },
    pause: cron === '' && runAt === '',
  });
  if (cron === '' && runAt === '') return <p className="text-muted">The next moments appear here.</p>;
  if (error && !fetching) {
    return (
      <p role="alert" className="text-bad">
        {toProblem(error).text}
      </p>
    );
  }
  return <FireTimes times={data?.previewSchedule ?? []} />;
}

function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
