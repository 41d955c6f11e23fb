import { graphql, type ResultOf } from '../api/graphql.ts';

export const WorkflowsQuery = graphql(`
  query Workflows($after: String) {
    workflows(first: 50, after: $after) {
      edges {
        node {
          id
          name
          slug
          enabled
          version
          updatedAt
          runs(first: 10) {
            edges {
              node {
                id
                status
              }
            }
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

/** A workflow in the list, with the outcome of its latest runs. */
export type WorkflowRow = ResultOf<typeof WorkflowsQuery>['workflows']['edges'][number]['node'];

const StepDefinition = graphql(`
  fragment StepDefinition on WorkflowStep {
    ref
    name
    kind
    dependsOn
    onFailure
    message
    approvers
    jobId
    workflowId
    eventKey
    condition
    when
    whenTrue
    whenFalse
    routes {
      name
      when
      to
    }
    otherwise
    items
    concurrency
    toleratesFailedItems
    sleepSecs
    sleepUntil
    maxAttempts
    timeoutSecs
    payload
    inputTransform
    outputTransform
  }
`);

export const WorkflowQuery = graphql(
  `
  query Workflow($id: ID!) {
    workflow(id: $id) {
      id
      name
      slug
      description
      enabled
      version
      createdAt
      updatedAt
      current {
        versionId
        inputSchema
        outputSchema
        timeoutSecs
        maxParallelSteps
        steps {
          ...StepDefinition
        }
      }
    }
  }
`,
  [StepDefinition],
);

/** A workflow with its definition. */
export type Workflow = ResultOf<typeof WorkflowQuery>['workflow'];
/** A step as a definition has it. */
export type StepDefinition = Workflow['current']['steps'][number];

export const WorkflowVersionsQuery = graphql(`
  query WorkflowVersions($id: ID!, $after: String) {
    workflow(id: $id) {
      id
      versions(first: 20, after: $after) {
        edges {
          node {
            versionId
            version
            createdAt
            createdBy
            definition
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

export const WorkflowRunsQuery = graphql(`
  query WorkflowRuns($filter: WorkflowRunFilter, $after: String) {
    workflowRuns(filter: $filter, first: 50, after: $after) {
      edges {
        node {
          id
          status
          error
          triggeredBy
          createdAt
          startedAt
          finishedAt
          batchTotal
          workflow {
            id
            name
          }
          stepCounts {
            total
            completed
            skipped
            failed
            running
            waiting
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

/** A workflow run in a list. */
export type WorkflowRunRow = ResultOf<typeof WorkflowRunsQuery>['workflowRuns']['edges'][number]['node'];

export const TriggerWorkflowMutation = graphql(`
  mutation TriggerWorkflow($input: TriggerWorkflowInput!) {
    triggerWorkflow(input: $input) {
      id
      idempotencyHit
    }
  }
`);

export const SetWorkflowEnabledMutation = graphql(`
  mutation SetWorkflowEnabled($id: ID!, $enabled: Boolean!) {
    updateWorkflow(id: $id, input: { enabled: $enabled }) {
      id
      enabled
    }
  }
`);
