import { createLazyRoute, Link } from '@tanstack/react-router';
import { graphql, type ResultOf } from '../api/graphql.ts';
import { usePages } from '../api/use-pages.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';

const RunsQuery = graphql(`
  query Runs($filter: RunFilter, $after: String) {
    runs(filter: $filter, first: 100, after: $after) {
      edges {
        node {
          id
          status
          attempt
          createdAt
          startedAt
          finishedAt
          job {
            id
            slug
            name
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type RunRow = ResultOf<typeof RunsQuery>['runs']['edges'][number]['node'];

const COLUMNS: readonly Column<RunRow>[] = [
  { id: 'status', header: 'Status', size: 120, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  {
    id: 'id',
    header: 'Run',
    size: 320,
    cell: ({ row }) => (
      <Link to="/runs" className="font-mono text-xs">
        {row.original.id}
      </Link>
    ),
  },
  { id: 'job', header: 'Job', size: 200, cell: ({ row }) => row.original.job.name },
  { id: 'created', header: 'Created', size: 130, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  {
    id: 'duration',
    header: 'Duration',
    size: 110,
    cell: ({ row: { original } }) => (original.startedAt ? <Elapsed from={original.startedAt} to={original.finishedAt} /> : null),
  },
];

function RunsScreen() {
  const pages = usePages(RunsQuery, {}, (data) => data.runs);
  return (
    <Screen title="Runs" fixed>
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Runs"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(run) => run.id}
        href={(run) => `/runs/${run.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="No runs yet">
            <p>Trigger a job, and its run appears here at once.</p>
          </EmptyState>
        }
      />
    </Screen>
  );
}

export const Route = createLazyRoute('/runs')({ component: RunsScreen });
