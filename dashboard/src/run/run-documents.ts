import { graphql, type ResultOf } from '../api/graphql.ts';
import { ChildFields } from './child-documents.ts';

const EventFields = graphql(`
  fragment RunEventFields on RunEvent {
    seq
    type
    level
    message
    data
    fromStatus
    toStatus
    attempt
    createdAt
  }
`);

const HeadFields = graphql(`
  fragment RunHeadFields on Run {
    id
    status
    attempt
    createdAt
    queuedAt
    scheduledAt
    startedAt
    finishedAt
    expiresAt
    nextRetryAt
    heartbeatAt
    hold
    error
    errorClass
    debugMode
    executionMode
    machinePreset
    maxAttemptsOverride
    priority
    tags
    metadata
    triggeredBy
    createdBy
    jobId
    jobVersion
    jobVersionId
    batchId
    parentRunId
    continuationOf
    lineageDepth
    spawnKey
    workflowStepRunId
    concurrencyKey
    idempotencyKey
    dependencyKey
    payloadHash
    timeoutSecs
    job @include(if: $seesJobs) {
      id
      slug
      name
      maxAttempts
    }
    cost {
      microusd
      tokens
      runs
      isPartial
    }
    executionTrace {
      queueWaitMs
      dequeueMs
      connectMs
      ttfbMs
      transferMs
      dispatchMs
      totalMs
    }
    lease {
      holder
      leaseUntil
      deadlineAt
      heartbeatAt
      limitKeys
    }
    allowedActions
    explanation {
      summary
      reasons {
        kind
        text
        since
        until
        position
        runId
        jobId
        eventKey
        circuitId
        action
      }
    }
    workflowStep @include(if: $seesWorkflows) {
      id
      ref
      workflowRunId
    }
    waits(last: 100) {
      edges {
        node {
          id
          kind
          status
          eventKey
          childRunId
          error
          createdAt
          endedAt
          expiresAt
        }
      }
    }
  }
`);

/** Everything that the page of a run shows at first, in one question. */
export const RunPageQuery = graphql(
  `
    query RunPage($id: ID!, $shown: [RunEventType!]!, $seesJobs: Boolean!, $seesWorkflows: Boolean!) {
      run(id: $id) {
        ...RunHeadFields
        newest: events(last: 100, type: $shown) {
          edges {
            node {
              ...RunEventFields
            }
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
        changes: events(last: 100, type: [STATE_CHANGE]) {
          edges {
            node {
              ...RunEventFields
            }
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
        marks: events(last: 100, type: [CHECKPOINT, ERROR, OUTPUT]) {
          edges {
            node {
              ...RunEventFields
            }
          }
        }
        children(first: 100) {
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
  [HeadFields, EventFields, ChildFields],
);

/** What of a run changes with its status. */
export const RunHeadQuery = graphql(
  `
    query RunHead($id: ID!, $seesJobs: Boolean!, $seesWorkflows: Boolean!) {
      run(id: $id) {
        ...RunHeadFields
      }
    }
  `,
  [HeadFields],
);

/** A page of the story of a run. */
export const RunEventsQuery = graphql(
  `
    query RunEventsPage(
      $id: ID!
      $first: Int
      $after: String
      $last: Int
      $before: String
      $level: [LogLevel!]
      $type: [RunEventType!]
      $search: String
    ) {
      run(id: $id) {
        events(first: $first, after: $after, last: $last, before: $before, level: $level, type: $type, search: $search) {
          edges {
            node {
              ...RunEventFields
            }
          }
          pageInfo {
            hasNextPage
            hasPreviousPage
          }
        }
      }
    }
  `,
  [EventFields],
);

/** What happens to a run from now on, but for the text it streams. */
export const RunEventsSubscription = graphql(
  `
    subscription RunPageEvents($runId: ID!, $after: Int) {
      runEvents(runId: $runId, after: $after, typeNot: [CHUNK]) {
        ...RunEventFields
      }
    }
  `,
  [EventFields],
);

/** A run as its header shows it. */
export type RunHead = NonNullable<ResultOf<typeof RunHeadQuery>['run']>;

/** One of the reasons why it is where it is. */
export type RunReason = RunHead['explanation']['reasons'][number];

/** One line of its story. */
export type RunEvent = ResultOf<typeof RunEventsSubscription>['runEvents'];
