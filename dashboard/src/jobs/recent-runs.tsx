import { Link } from '@tanstack/react-router';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Panel } from '../ui/screen.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import type { RecentRun } from './job-document.ts';

const COLUMNS: readonly Column<RecentRun>[] = [
  { id: 'status', header: 'Status', size: 120, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  {
    id: 'id',
    header: 'Run',
    size: 130,
    cell: ({ row }) => (
      <Link
        to="/runs/$runId"
        params={{ runId: row.original.id }}
        title={row.original.id}
        className="font-mono text-xs hover:underline"
      >
        …{row.original.id.slice(-12)}
      </Link>
    ),
  },
  { id: 'attempt', header: 'Attempt', size: 80, cell: ({ row }) => <span className="tabular-nums">{row.original.attempt}</span> },
  { id: 'created', header: 'Triggered', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  {
    id: 'duration',
    header: 'Duration',
    size: 100,
    cell: ({ row: { original } }) =>
      original.startedAt ? <Elapsed from={original.startedAt} to={original.finishedAt} /> : <span className="text-muted">–</span>,
  },
  {
    id: 'error',
    header: 'Error',
    size: 320,
    cell: ({ row }) => <span className="text-bad">{row.original.error?.split('\n', 1)[0]}</span>,
  },
];

interface RecentRunsProps {
  readonly runs: readonly RecentRun[];
  readonly slug: string;
}

/** The latest runs of a job, and the way to all of them. */
export function RecentRuns({ runs, slug }: RecentRunsProps) {
  return (
    <Panel
      title="Recent runs"
      actions={
        <Link to="/runs" search={{ q: `job:${slug}` }} className="text-accent underline">
          All runs of the job
        </Link>
      }
    >
      <DataTable
        label="Recent runs"
        rows={runs}
        columns={COLUMNS}
        rowId={(run) => run.id}
        href={(run) => `/runs/${run.id}`}
        keyboard
        empty={
          <EmptyState title="No runs yet">
            <p>Trigger the job, and its run appears here.</p>
          </EmptyState>
        }
      />
    </Panel>
  );
}
