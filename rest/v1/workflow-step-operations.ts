import type { DocumentNode } from 'graphql';
import { z } from 'zod';
import { notFound } from '../../src/core/errors.ts';
import { JsonInput, key, text } from '../../src/core/schemas.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { PAYLOAD_BODY_LIMIT } from './job-trigger.ts';
import { WORKFLOW_RUN, type WorkflowRunV1, workflowRunSchema } from './workflow-run-schema.ts';

const MAX_REF_LENGTH = 128;
const params = z.strictObject({
  id: z.string().describe('The workflow run.'),
  ref: z.string().describe('The step, by its `step_ref`.'),
});
const reason = text(1_024).min(1).optional().describe('Why, for the story.');
const plainBody = z.strictObject({ reason }).optional();
const decisionBody = z
  .strictObject({
    approver: key(256).optional().describe('Who decides, by name; must be one of the approvers of the step if it names any.'),
    reason,
  })
  .optional();

/** What people do about single steps: `/v1/workflow-runs/{id}/steps/{ref}/approve`, `/decline`, `/skip`, `/force-complete` and `/retry`. */
export const workflowStepOperationRoutes: readonly Route[] = [
  ofStep({
    operationId: 'approveWorkflowStep',
    verb: 'approve',
    summary: 'Approve a step',
    description: 'Approves a step that waits for it; it completes.',
    body: decisionBody,
    document: gql`mutation approveWorkflowStep($input: DecideStepInput!) {
      run: approveStep(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The step does not wait for approval.',
    forbidden: 'The name is none of the approvers, or the key lacks the scope.',
  }),
  ofStep({
    operationId: 'declineWorkflowStep',
    verb: 'decline',
    summary: 'Decline a step',
    description: 'Declines a step that waits for approval; it fails.',
    body: decisionBody,
    document: gql`mutation declineWorkflowStep($input: DecideStepInput!) {
      run: declineStep(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The step does not wait for approval.',
    forbidden: 'The name is none of the approvers, or the key lacks the scope.',
  }),
  ofStep({
    operationId: 'skipWorkflowStep',
    verb: 'skip',
    summary: 'Skip a step',
    description: 'Skips a step that is not over and stops its work; what depends on it goes on as if it had completed.',
    body: plainBody,
    document: gql`mutation skipWorkflowStep($input: StepOperationInput!) {
      run: skipStep(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The step is over.',
  }),
  ofStep({
    operationId: 'forceCompleteWorkflowStep',
    verb: 'force-complete',
    summary: 'Complete a step by hand',
    description: 'Completes a step that is not over or has failed, with an output, and stops its work.',
    body: z
      .strictObject({
        output: JsonInput.optional().describe('What counts as its output, any JSON up to 5 MB; null when left out.'),
        reason,
      })
      .optional(),
    document: gql`mutation forceCompleteWorkflowStep($input: CompleteStepInput!) {
      run: completeStep(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The step has completed, or was skipped or canceled.',
  }),
  ofStep({
    operationId: 'retryWorkflowStep',
    verb: 'retry',
    summary: 'Retry a step',
    description: 'Starts a failed step again while its workflow run goes on.',
    body: plainBody,
    document: gql`mutation retryWorkflowStep($input: StepOperationInput!) {
      run: retryStep(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The step has not failed, or the workflow run has ended.',
  }),
];

interface StepOperation<B extends z.ZodType<object | undefined>> {
  readonly operationId: string;
  readonly verb: string;
  readonly summary: string;
  readonly description: string;
  readonly body: B;
  readonly document: DocumentNode;
  readonly conflict: string;
  readonly forbidden?: string;
}

function ofStep<B extends z.ZodType<object | undefined>>(step: StepOperation<B>): Route {
  const { operationId, verb, summary, description, body, document, conflict, forbidden } = step;
  return defineRoute({
    operationId,
    method: 'POST',
    path: `/v1/workflow-runs/{id}/steps/{ref}/${verb}`,
    tag: 'Workflow runs',
    summary,
    description: `${description} Requires the scope \`workflows:write\`.`,
    auth: 'key',
    params,
    body,
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document,
    variables: ({ params: { id, ref }, body: said }) => {
      // As part of an input a longer one would be a field of the wrong form; in a path it is a step that is not there.
      if (ref.length > MAX_REF_LENGTH) throw notFound('step');
      return { input: { workflowRunId: id, ref, ...said } };
    },
    response: workflowRunSchema,
    project: ({ run }: { run: WorkflowRunV1 }) => run,
    errors: { CONFLICT: conflict, ...(forbidden !== undefined && { FORBIDDEN: forbidden }) },
  });
}
