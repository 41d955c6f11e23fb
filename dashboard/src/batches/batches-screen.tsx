import { createLazyRoute, Link } from '@tanstack/react-router';
import { usePages } from '../api/use-pages.ts';
import { useRefresh } from '../api/use-refresh.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatNumber, formatPercent } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import { TotalsBar } from './batch-totals.tsx';
import { type Batch, BatchesQuery } from './documents.ts';
import { FollowBatches } from './follow-batches.tsx';

const COLUMNS: readonly Column<Batch>[] = [
  {
    id: 'id',
    header: 'Batch',
    size: 290,
    cell: ({ row: { original } }) => (
      <Link to="/batches/$batchId" params={{ batchId: original.id }} className="font-mono text-xs hover:underline">
        {original.key ?? original.id}
      </Link>
    ),
  },
  {
    id: 'state',
    header: 'State',
    size: 100,
    cell: ({ row: { original } }) =>
      original.isFinished ? <Badge tone="ok">finished</Badge> : <Badge tone="accent">under way</Badge>,
  },
  { id: 'job', header: 'Job', size: 150, cell: ({ row }) => row.original.job.name },
  { id: 'total', header: 'Items', size: 80, cell: ({ row }) => formatNumber(row.original.total) },
  {
    id: 'progress',
    header: 'Progress',
    size: 190,
    cell: ({ row: { original } }) => (
      <span className="flex items-center gap-2">
        <TotalsBar batch={original} />
        <span className="w-12 text-right tabular-nums">{formatPercent(original.progress)}</span>
      </span>
    ),
  },
  { id: 'created', header: 'Created', size: 110, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  {
    id: 'duration',
    header: 'Duration',
    size: 90,
    cell: ({ row: { original } }) => <Elapsed from={original.createdAt} to={original.finishedAt} />,
  },
];

/** How often it is asked for batches that are new; those under way are followed. */
const NEW_ONES_MS = 15_000;

/** The batches: many runs that were triggered together, and how far each is. */
function BatchesScreen() {
  const pages = usePages(BatchesQuery, {}, (data) => data.batches);
  useRefresh(pages.refresh, NEW_ONES_MS);
  const put = (batch: Batch) => pages.update((rows) => rows.map((row) => (row.id === batch.id ? batch : row)));
  return (
    <Screen title="Batches" fixed>
      <FollowBatches batches={pages.rows} onChanged={put} />
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Batches"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(batch) => batch.id}
        href={(batch) => `/batches/${batch.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="No batches yet">
            <p>
              A batch is one job over many inputs, up to 100,000 in one request:{' '}
              <code className="font-mono">POST /v1/jobs/&lt;job&gt;/trigger/bulk</code> or the mutation{' '}
              <code className="font-mono">triggerBatch</code>.
            </p>
          </EmptyState>
        }
      />
    </Screen>
  );
}

export const Route = createLazyRoute('/batches')({ component: BatchesScreen });
