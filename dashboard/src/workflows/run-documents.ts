import { graphql, type ResultOf } from '../api/graphql.ts';

/** A workflow run with its graph: what its page shows at once. The parts of a step are loaded when it is selected. */
export const WorkflowRunQuery = graphql(`
  query WorkflowRun($id: ID!) {
    workflowRun(id: $id) {
      id
      status
      error
      failedStep
      payload
      output
      triggeredBy
      createdBy
      createdAt
      startedAt
      finishedAt
      pausedAt
      retryOf
      retryMode
      retryFrom
      parentRunId
      partialStep
      scheduleId
      tags
      batchTotal
      batchStarted
      deadlineAt
      workflowVersion
      workflow {
        id
        name
      }
      retries(first: 20) {
        edges {
          node {
            id
            status
            createdAt
            retryMode
          }
        }
      }
      timeline(last: 1) {
        edges {
          node {
            seq
          }
        }
      }
      graph {
        nodes {
          id
          ref
          kind
          status
          attempt
          position
          startedAt
          finishedAt
          skipReason
          decision
          mapStarted
          mapTotal
          keptFrom
          error
          definition {
            name
            message
            approvers
          }
        }
        edges {
          from
          to
        }
      }
    }
  }
`);

/** A workflow run with its graph. */
export type WorkflowRun = ResultOf<typeof WorkflowRunQuery>['workflowRun'];
/** A step of a workflow run as the graph shows it. */
export type StepNode = WorkflowRun['graph']['nodes'][number];

/** All there is to know of one step. */
export const StepQuery = graphql(`
  query Step($workflowRunId: ID!, $ref: String!, $withRuns: Boolean!) {
    stepRun(workflowRunId: $workflowRunId, ref: $ref) {
      id
      ref
      kind
      status
      attempt
      input
      output
      error
      chosen
      skipReason
      decision
      decidedBy
      decidedAt
      decisionReason
      keptFrom
      startedAt
      finishedAt
      wakeAt
      definition {
        name
        message
        approvers
        eventKey
        onFailure
      }
      runs(first: 50) @include(if: $withRuns) {
        edges {
          node {
            id
            status
            error
            createdAt
            startedAt
            finishedAt
          }
        }
        pageInfo {
          hasNextPage
        }
      }
      waits(first: 20) @include(if: $withRuns) {
        edges {
          node {
            id
            eventKey
            status
            requestedAt
            expiresAt
            sentBy
          }
        }
      }
      workflowRuns {
        id
        status
      }
    }
  }
`);

/** A step with all its parts. */
export type Step = ResultOf<typeof StepQuery>['stepRun'];

/** Tells that something has happened in a workflow run. */
export const WorkflowRunChanged = graphql(`
  subscription WorkflowRunChanged($id: ID!, $after: Int) {
    workflowRunChanged(id: $id, after: $after) {
      seq
    }
  }
`);

export const WorkflowTimelineQuery = graphql(`
  query WorkflowTimeline($id: ID!, $after: String) {
    workflowRun(id: $id) {
      id
      timeline(first: 100, after: $after) {
        edges {
          node {
            id
            seq
            type
            stepRef
            message
            actor
            fromStatus
            toStatus
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

/** Something that happened in a workflow run. */
export type WorkflowEvent = ResultOf<typeof WorkflowTimelineQuery>['workflowRun']['timeline']['edges'][number]['node'];

export const CancelWorkflowRunMutation = graphql(`
  mutation CancelWorkflowRun($input: WorkflowRunOperationInput!) {
    cancelWorkflowRun(input: $input) {
      id
    }
  }
`);

export const PauseWorkflowRunMutation = graphql(`
  mutation PauseWorkflowRun($input: WorkflowRunOperationInput!) {
    pauseWorkflowRun(input: $input) {
      id
    }
  }
`);

export const ResumeWorkflowRunMutation = graphql(`
  mutation ResumeWorkflowRun($input: WorkflowRunOperationInput!) {
    resumeWorkflowRun(input: $input) {
      id
    }
  }
`);

export const RetryWorkflowRunMutation = graphql(`
  mutation RetryWorkflowRun($input: RetryWorkflowRunInput!) {
    retryWorkflowRun(input: $input) {
      id
    }
  }
`);

export const ApproveStepMutation = graphql(`
  mutation ApproveStep($input: DecideStepInput!) {
    approveStep(input: $input) {
      id
    }
  }
`);

export const DeclineStepMutation = graphql(`
  mutation DeclineStep($input: DecideStepInput!) {
    declineStep(input: $input) {
      id
    }
  }
`);

export const SkipStepMutation = graphql(`
  mutation SkipStep($input: StepOperationInput!) {
    skipStep(input: $input) {
      id
    }
  }
`);

export const RetryStepMutation = graphql(`
  mutation RetryStep($input: StepOperationInput!) {
    retryStep(input: $input) {
      id
    }
  }
`);

export const CompleteStepMutation = graphql(`
  mutation CompleteStep($input: CompleteStepInput!) {
    completeStep(input: $input) {
      id
    }
  }
`);
