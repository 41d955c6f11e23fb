import { graphql, type ResultOf } from '../../api/graphql.ts';

export const JobToTriggerQuery = graphql(`
  query JobToTrigger($id: ID!) {
    job(id: $id) {
      id
      name
      slug
      enabled
      payloadSchema
      debounceWindowSecs
      batchWindowSecs
      runs(first: 10) {
        edges {
          node {
            id
            status
            createdAt
            payloadHash
          }
        }
      }
    }
  }
`);

/** A job as far as triggering it is concerned. */
export type JobToTrigger = ResultOf<typeof JobToTriggerQuery>['job'];

export const RunPayloadQuery = graphql(`
  query RunPayload($id: ID!) {
    run(id: $id) {
      id
      payload
    }
  }
`);

export const TriggerRunMutation = graphql(`
  mutation TriggerRun($input: TriggerRunInput!) {
    triggerRun(input: $input) {
      id
      status
      idempotencyHit
      deduplicated
      buffered
      debounced
      fireAt
      dryRun {
        payloadHash
        payload
        scheduledAt
        expiresAt
        job {
          id
          version
        }
      }
    }
  }
`);

/** What triggering a job has come to. */
export type Triggered = ResultOf<typeof TriggerRunMutation>['triggerRun'];
export type DryRun = NonNullable<Triggered['dryRun']>;
