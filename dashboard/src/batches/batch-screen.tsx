import { createLazyRoute, Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useLive } from '../api/use-live.ts';
import { formatNumber, formatPercent } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel, Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Badge, StatusBadge } from '../ui/status-badge.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import { BatchActions } from './batch-actions.tsx';
import { BatchFailures } from './batch-failures.tsx';
import { BatchRuns } from './batch-runs.tsx';
import { countsOf, TotalsBar } from './batch-totals.tsx';
import { type Batch, BatchChanged, BatchQuery } from './documents.ts';

/** One batch, followed live: how far it is, what became of its runs, and which items could not be made runs. */
function BatchScreen() {
  const { batchId } = useParams({ from: '/batches/$batchId' });
  const { tab = 'runs', status = '' } = useSearch({ from: '/batches/$batchId' });
  const navigate = useNavigate({ from: '/batches/$batchId' });
  const [{ data, error }, load] = useQuery({ query: BatchQuery, variables: { id: batchId } });
  const [changed, setChanged] = useState<Batch | null>(null);
  const batch = changed?.id === batchId ? changed : data?.batch;

  // It begins with the batch as it stands, so that a connection made anew needs no cursor.
  useLive(batch === undefined || batch.isFinished ? null : batchId, {
    document: BatchChanged,
    variables: () => ({ id: batchId }),
    cursor: () => null,
    onData: ({ batchChanged }) => setChanged(batchChanged),
  });

  function reload(): void {
    setChanged(null);
    load({ requestPolicy: 'network-only' });
  }

  if (!batch) {
    return (
      <Screen title="Batch">
        {error ? <ProblemNotice problem={toProblem(error)} onRetry={reload} /> : <Skeleton lines={8} />}
      </Screen>
    );
  }
  return (
    <Screen
      title={`Batch of ${batch.job.name}`}
      aside={batch.isFinished ? <Badge tone="ok">finished</Badge> : <Badge tone="accent">under way</Badge>}
      actions={<BatchActions batch={batch} onChanged={reload} />}
    >
      <div className="grid gap-3 lg:grid-cols-2">
        <Panel title="Progress">
          <div className="grid gap-3">
            <p className="text-2xl font-semibold tabular-nums">{formatPercent(batch.progress)}</p>
            <TotalsBar batch={batch} />
            <ul className="flex flex-wrap gap-3">
              {countsOf(batch).map(({ status: of, count }) => (
                <li key={of} className="flex items-center gap-1.5">
                  <StatusBadge status={of} />
                  <span className="tabular-nums">{formatNumber(count)}</span>
                </li>
              ))}
            </ul>
          </div>
        </Panel>
        <Panel title="Facts">
          <Facts
            facts={[
              [
                'Job',
                <Link key="job" to="/jobs/$jobId" params={{ jobId: batch.job.id }} className="text-accent underline">
                  {batch.job.name}
                </Link>,
              ],
              ['Items', formatNumber(batch.total)],
              ['Stored', formatNumber(batch.stored)],
              ['Could not be made runs', formatNumber(batch.failed)],
              ['Created', <Time key="created" at={batch.createdAt} />],
              ['Duration', <Elapsed key="duration" from={batch.createdAt} to={batch.finishedAt} />],
              ...(batch.key === null ? [] : ([['Key', batch.key]] as const)),
              [
                'Id',
                <code key="id" className="font-mono text-xs">
                  {batch.id}
                </code>,
              ],
            ]}
          />
        </Panel>
      </div>
      <Tabs
        label="Items of the batch"
        selected={tab}
        onSelect={(id) => void navigate({ search: { tab: id }, replace: true })}
        tabs={[
          {
            id: 'runs',
            label: 'Runs',
            content: (
              <BatchRuns
                batch={batch}
                status={status}
                onStatus={(to) => void navigate({ search: { tab: 'runs', status: to }, replace: true })}
              />
            ),
          },
          {
            id: 'failures',
            label: 'Faulty items',
            count: formatNumber(batch.failed),
            content: <BatchFailures batchId={batch.id} />,
          },
        ]}
      />
    </Screen>
  );
}

export const Route = createLazyRoute('/batches/$batchId')({ component: BatchScreen });
