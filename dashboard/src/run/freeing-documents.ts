import { graphql } from '../api/graphql.ts';

/** Sends what a run waits for. */
export const SendEvent = graphql(`
  mutation SendEventToRun($key: String!, $payload: JSON) {
    sendEvent(key: $key, payload: $payload) {
      id
      status
    }
  }
`);

/** Lets an endpoint be tried again at once. */
export const ResetCircuit = graphql(`
  mutation ResetCircuitOfRun($id: ID!) {
    resetCircuitBreaker(id: $id) {
      id
      state
    }
  }
`);

/** Lets runs of a job start, or not. */
export const SetJobsEnabled = graphql(`
  mutation SetJobOfRunEnabled($input: SetJobsEnabledInput!) {
    setJobsEnabled(input: $input) {
      id
      enabled
    }
  }
`);

/** How many runs may execute at once. */
export const LimitsQuery = graphql(`
  query LimitsOfRun($jobId: ID!) {
    job(id: $jobId) {
      id
      slug
      maxConcurrency
    }
    viewer {
      project {
        id
        maxExecutingRuns
      }
    }
  }
`);

/** Changes how many runs of a job may execute at once. */
export const SetJobLimit = graphql(`
  mutation SetLimitOfJob($id: ID!, $input: UpdateJobInput!) {
    updateJob(id: $id, input: $input) {
      id
      maxConcurrency
    }
  }
`);

/** Changes how many runs of a project may execute at once. */
export const SetProjectLimit = graphql(`
  mutation SetLimitOfProject($input: UpdateProjectInput!) {
    updateProject(input: $input) {
      id
      maxExecutingRuns
    }
  }
`);
