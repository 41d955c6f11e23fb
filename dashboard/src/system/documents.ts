import { graphql, type ResultOf } from '../api/graphql.ts';

/**
 * All that the screen shows at once. What the viewer's key does not open is left out of the question: one refusal would refuse all of it.
 */
export const SystemQuery = graphql(`
  query System($seesFigures: Boolean!, $seesJobs: Boolean!, $isAdmin: Boolean!, $from: DateTime!, $to: DateTime!) {
    systemStats @include(if: $seesFigures) {
      at
      version
      instance {
        startP50Ms
        startP95Ms
        databaseBytes
        tables {
          name
          bytes
          rows
        }
        loops {
          name
          ageSecs
          intervalSecs
          isHealthy
        }
        processes {
          id
          role
          startedAt
          beatAt
          isAlive
        }
      }
    }
    systemSamples(from: $from, to: $to) @include(if: $isAdmin) {
      at
      queueDepth
      executing
      startedPerMinute
      endedPerMinute
      startP50Ms
      startP95Ms
      databaseBytes
    }
    circuitBreakers(first: 100, filter: { state: [OPEN, HALF_OPEN] }) @include(if: $seesJobs) {
      edges {
        node {
          id
          endpoint
          state
          failures
          openedAt
          retryAt
        }
      }
    }
    modelPrices(first: 100) @include(if: $seesJobs) {
      edges {
        node {
          id
          provider
          model
          promptMicrousd
          completionMicrousd
          updatedAt
        }
      }
    }
  }
`);

type System = ResultOf<typeof SystemQuery>;

/** The whole installation, for its administrator. */
export type Instance = NonNullable<NonNullable<System['systemStats']>['instance']>;
/** How the installation stood in a minute, or in several together. */
export type Sample = NonNullable<System['systemSamples']>[number];
/** An endpoint that runs are kept away from. */
export type Circuit = NonNullable<System['circuitBreakers']>['edges'][number]['node'];
/** What a model costs. */
export type Price = NonNullable<System['modelPrices']>['edges'][number]['node'];

export const QueueSubscription = graphql(`
  subscription QueueStats {
    queueStats {
      at
      depth
      executing
      endedLastMinute
      oldestDueAt
      counts {
        status
        count
      }
    }
  }
`);

/** How the queue of the project stands. */
export type Queue = ResultOf<typeof QueueSubscription>['queueStats'];

export const ResetCircuitMutation = graphql(`
  mutation ResetCircuitBreaker($id: ID!) {
    resetCircuitBreaker(id: $id) {
      id
      state
    }
  }
`);
