import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { usePages } from '../api/use-pages.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { formatNumber } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import { countsOf } from './batch-totals.tsx';
import { type Batch, type BatchRun, BatchRunsQuery } from './documents.ts';

const COLUMNS: readonly Column<BatchRun>[] = [
  { id: 'status', header: 'Status', size: 120, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  {
    id: 'id',
    header: 'Run',
    size: 300,
    cell: ({ row }) => (
      <Link to="/runs/$runId" params={{ runId: row.original.id }} className="font-mono text-xs hover:underline">
        {row.original.id}
      </Link>
    ),
  },
  { id: 'attempt', header: 'Attempt', size: 80, cell: ({ row }) => row.original.attempt },
  { id: 'created', header: 'Created', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  {
    id: 'duration',
    header: 'Duration',
    size: 110,
    cell: ({ row: { original } }) => (original.startedAt ? <Elapsed from={original.startedAt} to={original.finishedAt} /> : null),
  },
  {
    id: 'error',
    header: 'Error',
    size: 300,
    cell: ({ row }) => <span title={row.original.error ?? ''}>{row.original.error}</span>,
  },
];

interface BatchRunsProps {
  readonly batch: Batch;
  /** The status to show; empty for all. */
  readonly status: string;
  readonly onStatus: (status: string) => void;
}

/** The runs of a batch, oldest item first; the first of them are loaded again whenever the batch stands otherwise. */
export function BatchRuns({ batch, status, onStatus }: BatchRunsProps) {
  const known = countsOf(batch).map((entry) => entry.status);
  const chosen = known.find((candidate) => candidate === status);
  const variables = { id: batch.id, ...(chosen && { status: [chosen] }) };
  const pages = usePages(BatchRunsQuery, variables, (data) => data.batch.runs);
  const { refresh } = pages;
  const state = JSON.stringify(batch.counts);
  const seen = useRef(state);
  useEffect(() => {
    if (seen.current === state) return;
    seen.current = state;
    refresh();
  }, [state, refresh]);
  return (
    <div className="flex h-[28rem] flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        <Select aria-label="Status" value={chosen ?? ''} onChange={(event) => onStatus(event.target.value)}>
          <option value="">all statuses</option>
          {countsOf(batch).map(({ status: of, count }) => (
            <option key={of} value={of}>
              {statusWords(of)} ({formatNumber(count)})
            </option>
          ))}
        </Select>
        <Link to="/runs" search={{ q: `batch:${batch.id}` }} className="self-center text-accent underline">
          See them among all runs
        </Link>
      </div>
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Runs of the batch"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(run) => run.id}
        href={(run) => `/runs/${run.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={<EmptyState title={chosen ? `No run is ${statusWords(chosen)}` : 'No runs yet'} />}
      />
    </div>
  );
}
