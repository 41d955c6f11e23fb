import { graphql } from '../api/graphql.ts';

/** What a run was given and what it returned. */
export const RunPayloadQuery = graphql(`
  query RunPayload($id: ID!) {
    run(id: $id) {
      payload
      result
      payloadHash
    }
  }
`);

/** What a run keeps from one attempt to the next. */
export const RunStateQuery = graphql(`
  query RunStateValues($id: ID!, $after: String) {
    run(id: $id) {
      state(first: 100, after: $after) {
        edges {
          node {
            key
            value
            updatedAt
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

/** The named values that a run has reported. */
export const RunOutputsQuery = graphql(`
  query RunOutputs($id: ID!, $after: String) {
    run(id: $id) {
      outputs(first: 100, after: $after) {
        edges {
          node {
            id
            key
            value
            createdAt
            updatedAt
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

/** Where a run can go on. */
export const RunCheckpointsQuery = graphql(`
  query RunCheckpoints($id: ID!, $after: String) {
    run(id: $id) {
      checkpoints(first: 50, after: $after) {
        edges {
          node {
            id
            sequence
            source
            state
            createdAt
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

/** The calls of tools of a run. */
export const RunToolCallsQuery = graphql(`
  query RunToolCalls($id: ID!, $after: String) {
    run(id: $id) {
      toolCalls(first: 100, after: $after) {
        edges {
          node {
            id
            toolName
            status
            durationMs
            input
            output
            createdAt
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

/** The calls of language models of a run. */
export const RunUsageQuery = graphql(`
  query RunUsageCalls($id: ID!, $after: String) {
    run(id: $id) {
      usage(first: 100, after: $after) {
        edges {
          node {
            id
            provider
            model
            promptTokens
            completionTokens
            totalTokens
            costMicrousd
            createdAt
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

/** What a run has cost, by model and by machine. */
export const RunCostQuery = graphql(`
  query RunCosts($id: ID!) {
    run(id: $id) {
      cost {
        microusd
        tokens
        runs
        isPartial
        byModel {
          provider
          model
          calls
          promptTokens
          completionTokens
          tokens
          microusd
        }
        compute {
          preset
          attempts
          seconds
          microusd
        }
      }
    }
  }
`);

/** What a run streams. */
export const RunChunksSubscription = graphql(`
  subscription RunPageChunks($runId: ID!, $after: String) {
    runChunks(runId: $runId, after: $after) {
      cursor
      streamId
      chunk
      done
      attempt
    }
  }
`);

/** The webhooks that were sent because of a run. */
export const RunDeliveriesQuery = graphql(`
  query RunDeliveries($id: ID!) {
    webhookDeliveries(filter: { runId: $id }, first: 50) {
      edges {
        node {
          id
          eventType
          status
          attempts
          webhookUrl
          responseStatus
          error
          createdAt
        }
      }
    }
  }
`);
