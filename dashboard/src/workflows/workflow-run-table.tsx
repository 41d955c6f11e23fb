import { Link } from '@tanstack/react-router';
import type { VariablesOf } from '../api/graphql.ts';
import { usePages } from '../api/use-pages.ts';
import { useRefresh } from '../api/use-refresh.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { formatNumber } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
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
  { id: 'steps', header: 'Steps', size: 130, cell: ({ row }) => <Steps run={row.original} /> },
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

/** What the list can be narrowed to, by the word that stands in the address. */
const CHOICES: readonly { readonly value: string; readonly label: string; readonly filter: Filter }[] = [
  { value: '', label: 'all', filter: {} },
  { value: 'person', label: 'waiting for a person', filter: { waitsForPerson: true } },
  ...(['RUNNING', 'PENDING', 'PAUSED', 'COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELED'] as const).map((status) => ({
    value: status,
    label: statusWords(status),
    filter: { status: [status] },
  })),
];

interface WorkflowRunTableProps {
  readonly filter: Filter;
  /** Which of them, as the address says; what it does not know is all. */
  readonly choice: string;
  readonly onChoice: (choice: string) => void;
}

/** Workflow runs that a filter means, newest first. No subscription follows such a list, so it looks now and then. */
export function WorkflowRunTable({ filter, choice, onChoice }: WorkflowRunTableProps) {
  const chosen = CHOICES.find(({ value }) => value === choice);
  const pages = usePages(WorkflowRunsQuery, { filter: { ...filter, ...chosen?.filter } }, (data) => data.workflowRuns);
  useRefresh(pages.refresh);
  return (
    <>
      <Select
        aria-label="Which workflow runs"
        className="self-start"
        value={chosen?.value ?? ''}
        onChange={(event) => onChoice(event.target.value)}
      >
        {CHOICES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
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
          chosen?.value ? (
            <EmptyState title={`No workflow run is ${chosen.label}`} />
          ) : (
            <EmptyState title="No workflow runs here">
              <p>Trigger a workflow from its page, by a schedule, or with a POST to /v1/workflows/&lt;id&gt;/trigger.</p>
            </EmptyState>
          )
        }
      />
    </>
  );
}

function Steps({ run: { stepCounts: counts, batchTotal } }: { readonly run: WorkflowRunRow }) {
  if (batchTotal !== null) return <>{formatNumber(batchTotal)} items</>;
  const over = counts.completed + counts.skipped;
  return (
    <span
      className="tabular-nums"
      title={`${counts.completed} completed, ${counts.skipped} skipped, ${counts.failed} failed, ${counts.running} running, ${counts.waiting} waiting`}
    >
      {over} of {counts.total}
      {counts.waiting > 0 ? <span className="text-warn"> · {counts.waiting} waiting</span> : null}
    </span>
  );
}
