import { Link } from '@tanstack/react-router';
import type { VariablesOf } from '../api/graphql.ts';
import { usePages } from '../api/use-pages.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import { type WorkflowRunRow, WorkflowRunsQuery } from './documents.ts';

const COLUMNS: readonly Column<WorkflowRunRow>[] = [
  { id: 'status', header: 'Status', size: 110, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  {
    id: 'id',
    header: 'Workflow run',
    size: 290,
    cell: ({ row }) => (
      <Link
        to="/workflow-runs/$workflowRunId"
        params={{ workflowRunId: row.original.id }}
        className="font-mono text-xs hover:underline"
      >
        {row.original.id}
      </Link>
    ),
  },
  { id: 'workflow', header: 'Workflow', size: 170, cell: ({ row }) => row.original.workflow.name },
  { id: 'steps', header: 'Steps', size: 100, cell: ({ row }) => <Steps counts={row.original.stepCounts} /> },
  { id: 'created', header: 'Created', size: 110, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  {
    id: 'duration',
    header: 'Duration',
    size: 100,
    cell: ({ row: { original } }) => (original.startedAt ? <Elapsed from={original.startedAt} to={original.finishedAt} /> : null),
  },
  {
    id: 'error',
    header: 'Error',
    size: 240,
    cell: ({ row }) => <span title={row.original.error ?? ''}>{row.original.error}</span>,
  },
];

type Filter = NonNullable<VariablesOf<typeof WorkflowRunsQuery>['filter']>;

/** Workflow runs that a filter means, newest first. */
export function WorkflowRunTable({ filter }: { readonly filter: Filter }) {
  const pages = usePages(WorkflowRunsQuery, { filter }, (data) => data.workflowRuns);
  return (
    <>
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Workflow runs"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(run) => run.id}
        href={(run) => `/workflow-runs/${run.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="No workflow runs here">
            <p>Trigger a workflow from its page, by a schedule, or with a POST to /v1/workflows/&lt;id&gt;/trigger.</p>
          </EmptyState>
        }
      />
    </>
  );
}

function Steps({ counts }: { readonly counts: WorkflowRunRow['stepCounts'] }) {
  const over = counts.completed + counts.skipped;
  return (
    <span
      className="tabular-nums"
      title={`${counts.completed} completed, ${counts.skipped} skipped, ${counts.failed} failed, ${counts.running} running, ${counts.waiting} waiting`}
    >
      {over} of {counts.total}
    </span>
  );
}
