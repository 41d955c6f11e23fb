import { graphql, type ResultOf } from '../api/graphql.ts';

/** A run that was spawned by another, as lists and timelines show it. */
export const ChildFields = graphql(`
  fragment ChildRunFields on Run {
    id
    status
    attempt
    createdAt
    startedAt
    finishedAt
    spawnKey
    jobId
    job @include(if: $seesJobs) {
      slug
    }
  }
`);

/** The runs that a run has spawned. */
export const ChildrenQuery = graphql(
  `
    query ChildRuns($id: ID!, $after: String, $seesJobs: Boolean!) {
      run(id: $id) {
        children(first: 100, after: $after) {
          edges {
            node {
              ...ChildRunFields
            }
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
    }
  `,
  [ChildFields],
);

/** What happens to them. */
export const ChildrenSubscription = graphql(
  `
    subscription ChildRunChanges($parent: ID!, $after: String, $seesJobs: Boolean!) {
      runChanged(filter: { parentRunId: $parent }, after: $after) {
        cursor
        reset
        changes {
          kind
          runId
          run {
            ...ChildRunFields
          }
        }
      }
    }
  `,
  [ChildFields],
);

/** A run that was spawned by another. */
export type ChildRun = ResultOf<typeof ChildrenQuery>['run']['children']['edges'][number]['node'];
