import { useQuery } from 'urql';
import { graphql } from '../../api/graphql.ts';
import { type Problem, toProblem } from '../../api/problem.ts';
import { type RunRow, RunRowFields } from '../list/run-row.ts';
import type { Target } from './do-piece.ts';
import type { Operation } from './operations.ts';

const PreviewQuery = graphql(
  `
    query PreviewRuns($filter: RunFilter!, $operation: RunOperation!) {
      previewRuns(filter: $filter, operation: $operation) {
        count
        isCapped
        sample {
          ...RunRowFields
        }
      }
    }
  `,
  [RunRowFields],
);

/** What an operation would be done to. */
export interface Preview {
  /** Null while it is being counted. */
  readonly count: number | null;
  /** There are more than were counted. */
  readonly isCapped: boolean;
  /** Runs that were chosen and stay as they are, for their status; null where nobody has counted them. */
  readonly untouched: number | null;
  readonly sample: readonly RunRow[];
  /** What to send: ids of runs that are in another status are left out. */
  readonly target: Target;
  readonly problem: Problem | null;
}

/** Counts what an operation would be done to: of rows that are shown here, of a filter on the server. */
export function usePreview(operation: Operation, target: Target, rows: readonly RunRow[]): Preview {
  const isFilter = 'filter' in target;
  const [{ data, error }] = useQuery({
    query: PreviewQuery,
    variables: { filter: isFilter ? target.filter : {}, operation: operation.id },
    pause: !isFilter,
    requestPolicy: 'network-only',
  });
  if (isFilter) {
    return {
      count: data?.previewRuns.count ?? null,
      isCapped: data?.previewRuns.isCapped ?? false,
      untouched: null,
      sample: data?.previewRuns.sample ?? [],
      target,
      problem: error ? toProblem(error) : null,
    };
  }
  const chosen = new Set(target.ids);
  const shown = rows.filter(({ id }) => chosen.has(id));
  const meant = shown.filter(({ status }) => operation.statuses.includes(status));
  // Rows that have left the list meanwhile are sent as well: the server knows what they are.
  const known = new Set(shown.map(({ id }) => id));
  const ids = target.ids.filter((id) => !known.has(id)).concat(meant.map(({ id }) => id));
  return {
    count: ids.length,
    isCapped: false,
    untouched: target.ids.length - ids.length,
    sample: meant.slice(0, 10),
    target: { ids },
    problem: null,
  };
}
