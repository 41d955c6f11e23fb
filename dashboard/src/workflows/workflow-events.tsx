import { useEffect } from 'react';
import { usePages } from '../api/use-pages.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { type WorkflowEvent, type WorkflowRun, WorkflowTimelineQuery } from './run-documents.ts';

const COLUMNS: readonly Column<WorkflowEvent>[] = [
  { id: 'seq', header: '#', size: 60, cell: ({ row }) => row.original.seq },
  { id: 'at', header: 'When', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  { id: 'step', header: 'Step', size: 160, cell: ({ row }) => row.original.stepRef },
  {
    id: 'to',
    header: 'Now',
    size: 110,
    cell: ({ row }) => (row.original.toStatus ? <StatusBadge status={row.original.toStatus.toUpperCase()} /> : null),
  },
  {
    id: 'message',
    header: 'What happened',
    size: 420,
    cell: ({ row }) => <span title={row.original.message}>{row.original.message}</span>,
  },
  { id: 'actor', header: 'By', size: 180, cell: ({ row }) => row.original.actor },
];

/** Everything that has happened in a workflow run, in order. */
export function WorkflowEvents({ run }: { readonly run: WorkflowRun }) {
  const pages = usePages(WorkflowTimelineQuery, { id: run.id }, (data) => data.workflowRun.timeline);
  const { loadMore, reload, hasMore } = pages;
  const state = run.graph.nodes.map(({ status, attempt }) => `${status}${attempt}`).join() + run.status;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the state of the run that asks for what is new.
  useEffect(() => (hasMore ? loadMore() : reload()), [state]);
  return (
    <div className="flex h-[28rem] flex-col">
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Events of the workflow run"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(event) => event.id}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        empty={<EmptyState title="Nothing has happened yet" />}
      />
    </div>
  );
}
