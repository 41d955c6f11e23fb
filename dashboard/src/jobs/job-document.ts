import { graphql, type ResultOf } from '../api/graphql.ts';
import { DefinitionFields } from './documents.ts';

/** Everything the page of a job shows at first, in one request. */
export const JobQuery = graphql(
  `
    query Job($id: ID!, $window: HealthWindow!, $from: DateTime!, $to: DateTime!, $runs: RunFilter!) {
      job(id: $id) {
        id
        enabled
        version
        createdAt
        createdBy
        updatedAt
        ...DefinitionFields
        circuitBreaker {
          id
          endpoint
          state
          failures
          openedAt
          retryAt
        }
        health(window: $window) {
          total
          completed
          failed
          successRate
          p50DurationMs
          p95DurationMs
          throughputPerHour
          isPartial
        }
        usage {
          executing
          queued
          blocked
          maxConcurrency
          keysFull
          isCapped
        }
        runs(first: 20) {
          edges {
            node {
              id
              status
              attempt
              createdAt
              startedAt
              finishedAt
              error
            }
          }
        }
      }
      runHistogram(filter: $runs, from: $from, to: $to, buckets: 48) {
        isSampled
        buckets {
          at
          counts {
            status
            count
          }
        }
      }
    }
  `,
  [DefinitionFields],
);

type JobData = ResultOf<typeof JobQuery>;

/** A job as its page shows it. */
export type Job = JobData['job'];
export type Circuit = NonNullable<Job['circuitBreaker']>;
export type Histogram = JobData['runHistogram'];
export type RecentRun = Job['runs']['edges'][number]['node'];

export const JobConnectionsQuery = graphql(`
  query JobConnections($id: ID!, $schedules: ScheduleFilter!) {
    job(id: $id) {
      id
      dependencies {
        id
        condition
        createdAt
        dependsOn {
          id
          name
          slug
        }
      }
    }
    schedules(filter: $schedules, first: 50) {
      edges {
        node {
          id
          name
          status
          cron
          runAt
          timezone
          nextFireAt
          lastFiredAt
        }
      }
    }
  }
`);
