import { formatNumber } from '../../ui/format.ts';
import { Progress as ProgressBar } from '../../ui/progress.tsx';
import type { Operation } from './operations.ts';
import type { Progress } from './work-off.ts';

interface BulkProgressProps {
  readonly operation: Operation;
  readonly progress: Progress;
  /** How many were counted before. */
  readonly count: number;
  readonly isCapped: boolean;
  readonly isOver: boolean;
  readonly isStopped: boolean;
  /** Why it could not go on; null when nothing was in its way. */
  readonly fault: string | null;
}

/** How far an operation is, and in the end what came of it. */
export function BulkProgress({ operation, progress, count, isCapped, isOver, isStopped, fault }: BulkProgressProps) {
  const { handled, done, failed, failures } = progress;
  const share = isOver && !isStopped && fault === null ? 1 : Math.min(1, handled / Math.max(1, count));
  const rest = count - handled;
  return (
    <div className="grid gap-3">
      <ProgressBar value={share} label={`${operation.verb}: progress`} />
      <p role="status">
        {formatNumber(done)} {done === 1 ? 'run' : 'runs'} {operation.done}
        {isOver ? '' : ` of ${formatNumber(count)}${isCapped ? '+' : ''}`}
        {failed > 0 ? `, ${formatNumber(failed)} not` : ''}.
        {isOver && isStopped
          ? ` Stopped${rest > 0 ? `: ${formatNumber(rest)}${isCapped ? '+' : ''} stay as they are` : ''}.`
          : ''}
      </p>
      {fault === null ? null : (
        <p role="alert" className="rounded-md bg-bad-soft p-2 text-bad">
          It could not go on: {fault} What is done stays done; the rest is as it was.
        </p>
      )}
      {failures.length > 0 ? (
        <table className="w-full text-left">
          <caption className="pb-1 text-left text-xs text-muted">
            {failures.length < failed
              ? `The first ${formatNumber(failures.length)} that it was not done to`
              : 'It was not done to'}
          </caption>
          <tbody>
            {failures.map(({ id, error }) => (
              <tr key={id} className="border-t align-top">
                <td className="py-1 pr-3 font-mono text-xs whitespace-nowrap">…{id.slice(-8)}</td>
                <td className="py-1 break-words">{error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  );
}
