import { useEffect } from 'react';
import { useClient } from 'urql';
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

interface WorkflowEventsProps {
  readonly run: WorkflowRun;
  /** How many events there are by now: the new ones are added as it grows. */
  readonly seq: number;
}

/** Everything that has happened in a workflow run, in order, followed. */
export function WorkflowEvents({ run, seq }: WorkflowEventsProps) {
  const client = useClient();
  const pages = usePages(WorkflowTimelineQuery, { id: run.id }, (data) => data.workflowRun.timeline);
  const { update, hasMore, isLoading } = pages;
  const last = pages.rows.at(-1)?.seq ?? 0;
  // What lies on later pages is loaded when somebody comes to it; at the end of the story, what is new is.
  const isBehind = !isLoading && !hasMore && last < seq;

  useEffect(() => {
    if (!isBehind) return;
    let isOld = false;
    void client
      .query(WorkflowTimelineQuery, { id: run.id, after: String(last) }, { requestPolicy: 'network-only' })
      .toPromise()
      .then(({ data }) => {
        const news = data?.workflowRun.timeline.edges.map(({ node }) => node) ?? [];
        if (!isOld && news.length > 0) update((rows) => [...rows, ...news]);
      });
    return () => {
      isOld = true;
    };
  }, [client, run.id, isBehind, last, update]);

  return (
    <div className="flex h-[28rem] flex-col">
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Events of the workflow run"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(event) => event.id}
        hasMore={hasMore}
        onMore={pages.loadMore}
        isLoading={isLoading}
        empty={<EmptyState title="Nothing has happened yet" />}
      />
    </div>
  );
}
