import { usePages } from '../api/use-pages.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatNumber } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { type BatchFailure, BatchFailuresQuery } from './documents.ts';

const COLUMNS: readonly Column<BatchFailure>[] = [
  { id: 'index', header: 'Item', size: 100, cell: ({ row }) => formatNumber(row.original.index) },
  {
    id: 'error',
    header: 'Why',
    size: 700,
    cell: ({ row }) => <span title={row.original.error ?? ''}>{row.original.error}</span>,
  },
];

/** The items that could not be made runs, by their place in the request, and why. */
export function BatchFailures({ batchId }: { readonly batchId: string }) {
  const pages = usePages(BatchFailuresQuery, { id: batchId }, (data) => data.batch.failures);
  return (
    <div className="flex h-[28rem] flex-col gap-3">
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Faulty items"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(failure) => String(failure.index)}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        empty={
          <EmptyState title="No faulty items">
            <p>Every item was made a run.</p>
          </EmptyState>
        }
      />
    </div>
  );
}
