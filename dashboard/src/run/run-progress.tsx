import { Progress } from '../ui/progress.tsx';
import { Time } from '../ui/time.tsx';
import type { RunEvent } from './run-documents.ts';

/** How far the executor says that the run is. */
export function RunProgress({ event }: { readonly event: RunEvent }) {
  const percent = event.data?.['percent'];
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-xl border bg-surface px-4 py-2">
      <span className="min-w-0 flex-1 truncate">{event.message}</span>
      <span className="text-muted">
        <Time at={event.createdAt} />
      </span>
      {typeof percent === 'number' ? (
        <span className="flex w-full items-center gap-3 sm:w-64">
          <Progress value={percent / 100} label={`Progress: ${event.message}`} />
          <span className="tabular-nums">{Math.round(percent)}%</span>
        </span>
      ) : null}
    </div>
  );
}
