import { formatNumber } from '../../ui/format.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StatusBadge, statusWords } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import type { Operation } from './operations.ts';
import type { Preview } from './use-preview.ts';

/** What will happen, to how many, and to which for example. */
export function BulkPreview({ operation, preview }: { readonly operation: Operation; readonly preview: Preview }) {
  const { count, isCapped, untouched, sample } = preview;
  const words = operation.statuses.map(statusWords).join(', ');
  if (count === null) return preview.problem ? null : <Skeleton lines={4} label="Counting the runs" />;
  if (count === 0) return <p>None of the chosen runs is {words}: there is nothing to do.</p>;
  return (
    <div className="grid gap-3">
      <p>
        {operation.effect} Done to runs that are {words}.
      </p>
      {isCapped ? <p>There are more than {formatNumber(count)} of them; all that exist at this moment are meant.</p> : null}
      {untouched ? (
        <p className="text-muted">
          {formatNumber(untouched)} of the selected {untouched === 1 ? 'is' : 'are'} in another status and stay as they are.
        </p>
      ) : null}
      <table className="w-full text-left">
        <caption className="pb-1 text-left text-xs text-muted">
          {sample.length < count ? `The newest ${sample.length} of them` : 'All of them'}
        </caption>
        <tbody>
          {sample.map((run) => (
            <tr key={run.id} className="border-t">
              <td className="py-1 pr-3">
                <StatusBadge status={run.status} />
              </td>
              <td className="py-1 pr-3 font-mono text-xs">…{run.id.slice(-8)}</td>
              <td className="max-w-40 truncate py-1 pr-3">{run.job.slug}</td>
              <td className="py-1 text-right">
                <Time at={run.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
