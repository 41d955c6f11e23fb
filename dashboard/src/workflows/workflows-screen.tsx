import { createLazyRoute, Link, useNavigate, useSearch } from '@tanstack/react-router';
import { usePages } from '../api/use-pages.ts';
import { useRefresh } from '../api/use-refresh.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { Badge, statusWords, toneOf } from '../ui/status-badge.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { Time } from '../ui/time.tsx';
import { type WorkflowRow, WorkflowsQuery } from './documents.ts';
import { WorkflowRunTable } from './workflow-run-table.tsx';

const COLUMNS: readonly Column<WorkflowRow>[] = [
  {
    id: 'name',
    header: 'Name',
    size: 260,
    cell: ({ row: { original } }) => (
      <Link to="/workflows/$workflowId" params={{ workflowId: original.id }} className="font-medium hover:underline">
        {original.name}
      </Link>
    ),
  },
  { id: 'slug', header: 'Slug', size: 200, cell: ({ row }) => <code className="font-mono text-xs">{row.original.slug}</code> },
  {
    id: 'state',
    header: 'State',
    size: 100,
    cell: ({ row }) => (row.original.enabled ? <Badge tone="ok">enabled</Badge> : <Badge>disabled</Badge>),
  },
  { id: 'version', header: 'Version', size: 80, cell: ({ row }) => row.original.version },
  { id: 'latest', header: 'Latest runs', size: 180, cell: ({ row }) => <Latest workflow={row.original} /> },
  { id: 'updated', header: 'Changed', size: 120, cell: ({ row }) => <Time at={row.original.updatedAt} /> },
];

const FILLS = { ok: 'bg-ok', bad: 'bg-bad', warn: 'bg-warn', info: 'bg-info', accent: 'bg-accent', idle: 'bg-idle' };

/** The latest runs, oldest first, as small bars; the words say the same. */
function Latest({ workflow: { runs } }: { readonly workflow: WorkflowRow }) {
  const statuses = runs.edges.map(({ node }) => node).reverse();
  const label = statuses.map(({ status }) => statusWords(status)).join(', ');
  return (
    <span role="img" aria-label={label || 'never run'} title={label} className="flex items-end gap-0.5">
      {statuses.map(({ id, status }) => (
        <span key={id} className={`h-4 w-1.5 rounded-sm ${FILLS[toneOf(status)]}`} />
      ))}
    </span>
  );
}

/** The workflows and their runs. */
function WorkflowsScreen() {
  const { tab = 'workflows', status = '' } = useSearch({ from: '/workflows' });
  const navigate = useNavigate({ from: '/workflows' });
  return (
    <Screen title="Workflows">
      <Tabs
        label="Workflows"
        selected={tab}
        onSelect={(id) => void navigate({ search: { tab: id } })}
        tabs={[
          { id: 'workflows', label: 'Workflows', content: <WorkflowTable /> },
          {
            id: 'runs',
            label: 'Runs',
            content: (
              <div className="flex h-[calc(100dvh-10rem)] min-h-80 flex-col gap-3">
                <WorkflowRunTable
                  filter={{}}
                  choice={status}
                  onChoice={(to) => void navigate({ search: { tab: 'runs', status: to }, replace: true })}
                />
              </div>
            ),
          },
        ]}
      />
    </Screen>
  );
}

/** The list itself changes rarely; the bars of the latest runs need not be of this second. */
const REFRESH_MS = 15_000;

function WorkflowTable() {
  const pages = usePages(WorkflowsQuery, {}, (data) => data.workflows);
  useRefresh(pages.refresh, REFRESH_MS);
  return (
    <div className="flex h-[calc(100dvh-10rem)] min-h-80 flex-col gap-3">
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Workflows"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(workflow) => workflow.id}
        href={(workflow) => `/workflows/${workflow.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="No workflows yet">
            <p>
              A workflow is a graph of steps over jobs: one after the other, side by side, with conditions, approvals and a step
              for each item of a list. Make one with <code className="font-mono">POST /v1/workflows</code> or the mutation{' '}
              <code className="font-mono">createWorkflow</code>; examples/word-report is a whole one.
            </p>
          </EmptyState>
        }
      />
    </div>
  );
}

export const Route = createLazyRoute('/workflows')({ component: WorkflowsScreen });
