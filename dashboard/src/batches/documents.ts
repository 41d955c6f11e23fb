import { graphql, type ResultOf } from '../api/graphql.ts';

const BatchFields = graphql(`
  fragment BatchFields on Batch {
    id
    key
    total
    stored
    created
    failed
    progress
    isFinished
    createdAt
    createdBy
    startedAt
    finishedAt
    job {
      id
      name
      slug
    }
    counts {
      total
      queued
      delayed
      dequeued
      executing
      waiting
      paused
      completed
      failed
      timedOut
      crashed
      systemFailed
      canceled
      expired
      deadLetter
    }
  }
`);

/** A batch with its totals. */
export type Batch = ResultOf<typeof BatchFields>;

export const BatchesQuery = graphql(
  `
  query Batches($after: String) {
    batches(first: 50, after: $after) {
      edges {
        node {
          ...BatchFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`,
  [BatchFields],
);

export const BatchQuery = graphql(
  `
  query Batch($id: ID!) {
    batch(id: $id) {
      ...BatchFields
    }
  }
`,
  [BatchFields],
);

/** The batch as it stands, at once and whenever that has changed, at most each second. */
export const BatchChanged = graphql(
  `
  subscription BatchChanged($id: ID!) {
    batchChanged(batchId: $id) {
      ...BatchFields
    }
  }
`,
  [BatchFields],
);

export const BatchFailuresQuery = graphql(`
  query BatchFailures($id: ID!, $after: String) {
    batch(id: $id) {
      id
      failures(first: 100, after: $after) {
        edges {
          node {
            index
            error
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** An item that could not be made a run. */
export type BatchFailure = ResultOf<typeof BatchFailuresQuery>['batch']['failures']['edges'][number]['node'];

export const BatchRunsQuery = graphql(`
  query BatchRuns($id: ID!, $status: [RunStatus!], $after: String) {
    batch(id: $id) {
      id
      runs(first: 100, status: $status, after: $after) {
        edges {
          node {
            id
            status
            attempt
            error
            createdAt
            startedAt
            finishedAt
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** A run of a batch. */
export type BatchRun = ResultOf<typeof BatchRunsQuery>['batch']['runs']['edges'][number]['node'];

export const CancelBatchMutation = graphql(`
  mutation CancelBatch($id: ID!) {
    cancelBatch(id: $id) {
      id
    }
  }
`);

export const ResumeBatchMutation = graphql(`
  mutation ResumeBatch($id: ID!) {
    resumeBatch(id: $id) {
      id
    }
  }
`);
