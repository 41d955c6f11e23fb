import { graphql, type ResultOf } from '../api/graphql.ts';

/** What a job says, now or at one of its versions. */
export const DefinitionFields = graphql(`
  fragment DefinitionFields on JobDefinition {
    slug
    name
    description
    executionMode
    endpointUrl
    fallbackEndpointUrl
    imageUri
    machinePreset
    environmentId
    versionPolicy
    timeoutSecs
    heartbeatTimeoutSecs
    runTtlSecs
    maxAttempts
    retryStrategy
    retryInitialDelaySecs
    retryMaxDelaySecs
    retryDelaysSecs
    retryPriorityBoost
    poisonPillThreshold
    maxConcurrency
    maxConcurrencyPerKey
    rateLimitMax
    rateLimitWindowSecs
    dedupWindowSecs
    debounceWindowSecs
    batchWindowSecs
    batchMaxSize
    executionWindowCron
    timezone
    payloadSchema
    resultSchema
    tags
    defaultRunMetadata
    webhookUrl
  }
`);

/** What a job says. */
export type Definition = ResultOf<typeof DefinitionFields>;

export const JobsQuery = graphql(`
  query Jobs($filter: JobFilter, $window: HealthWindow, $after: String) {
    jobs(filter: $filter, first: 50, after: $after) {
      edges {
        node {
          id
          slug
          name
          enabled
          circuitBreaker {
            state
          }
          health(window: $window) {
            total
            completed
            failed
            successRate
            p50DurationMs
            p95DurationMs
            throughputPerHour
          }
          sparkline(window: $window) {
            completed
            failed
          }
          usage {
            executing
            queued
            blocked
            maxConcurrency
            isCapped
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

/** A job as the list shows it. */
export type JobRow = ResultOf<typeof JobsQuery>['jobs']['edges'][number]['node'];

export const SetJobsEnabledMutation = graphql(`
  mutation SetJobsEnabled($input: SetJobsEnabledInput!) {
    setJobsEnabled(input: $input) {
      id
      enabled
    }
  }
`);

export const CloneJobMutation = graphql(`
  mutation CloneJob($id: ID!, $input: CloneJobInput!) {
    cloneJob(id: $id, input: $input) {
      id
    }
  }
`);

export const DeleteJobMutation = graphql(`
  mutation DeleteJob($id: ID!) {
    deleteJob(id: $id) {
      id
    }
  }
`);

export const ResetCircuitMutation = graphql(`
  mutation ResetCircuit($id: ID!) {
    resetCircuitBreaker(id: $id) {
      id
      state
      failures
      retryAt
    }
  }
`);
