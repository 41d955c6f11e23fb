import type { DocumentNode } from 'graphql';
import { z } from 'zod';
import { key, text } from '../../src/core/schemas.ts';
import { wordInput } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { idempotencyHeaders, idempotencyKeyOf } from './idempotency-key.ts';
import { RETRY_MODES, WORKFLOW_RUN, type WorkflowRunV1, workflowRunSchema, workflowRunStatus } from './workflow-run-schema.ts';

const MAX_CANCELED = 100;

const params = z.strictObject({ id: z.string().describe('The workflow run.') });
const reason = text(1_024).min(1).optional().describe('Why, for its story.');
const operationBody = z.strictObject({ reason }).optional();

const bulkCancelSchema = z
  .object({
    results: z
      .array(
        z.object({
          id: z.string().describe('The workflow run, as it was named.'),
          status: workflowRunStatus.nullable().describe('Its status afterwards; null when there is none.'),
          error: z.string().nullable().describe('Why it was not canceled; null when it was.'),
        }),
      )
      .describe('One for each workflow run.'),
    total: z.int().describe('How many workflow runs were meant.'),
    canceled: z.int().describe('How many of them were canceled.'),
    failed: z.int().describe('How many were not.'),
  })
  .meta({ id: 'BulkCancelWorkflowRunsResult', description: 'What came of canceling many workflow runs.' });

type Canceled = z.input<typeof bulkCancelSchema>['results'];

/** What can be done to whole workflow runs: `DELETE`, `/pause`, `/resume`, `/retry` and `/bulk-cancel`. */
export const workflowRunOperationRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'cancelWorkflowRun',
    method: 'DELETE',
    path: '/v1/workflow-runs/{id}',
    tag: 'Workflow runs',
    summary: 'Cancel a workflow run',
    description:
      'Cancels a workflow run: its steps, the runs that are their work and the workflows below it. Requires the scope `workflows:write`.',
    auth: 'key',
    params,
    document: gql`mutation cancelWorkflowRunV1($input: WorkflowRunOperationInput!) { cancelWorkflowRun(input: $input) { id } }`,
    variables: ({ params }) => ({ input: { id: params.id } }),
    status: 204,
    errors: { CONFLICT: 'The workflow run has ended already.' },
  }),
  operation({
    operationId: 'pauseWorkflowRun',
    path: '/v1/workflow-runs/{id}/pause',
    summary: 'Pause a workflow run',
    description: 'Pauses a workflow run: what is under way goes on, and nothing new starts.',
    document: gql`mutation pauseWorkflowRunV1($input: WorkflowRunOperationInput!) {
      run: pauseWorkflowRun(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The workflow run does not go on any more.',
  }),
  operation({
    operationId: 'resumeWorkflowRun',
    path: '/v1/workflow-runs/{id}/resume',
    summary: 'Resume a workflow run',
    description: 'Lets a paused workflow run go on; the time of the pause does not count for its timeout.',
    document: gql`mutation resumeWorkflowRunV1($input: WorkflowRunOperationInput!) {
      run: resumeWorkflowRun(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    conflict: 'The workflow run is not paused.',
  }),
  defineRoute({
    operationId: 'retryWorkflowRun',
    method: 'POST',
    path: '/v1/workflow-runs/{id}/retry',
    tag: 'Workflow runs',
    summary: 'Retry a workflow run',
    description:
      'Does a workflow run that has ended again, as a new one that links to it by `retry_of_run_id`. `from_failed` keeps what has completed, `from_step` all but one step and what comes after it, `full` nothing. Requires the scope `workflows:trigger`.',
    auth: 'key',
    params,
    headers: idempotencyHeaders,
    body: z
      .strictObject({
        mode: wordInput(RETRY_MODES).optional().describe('How much of it; `from_failed` when left out.'),
        step_ref: key(128).optional().describe('For `from_step`: the step.'),
      })
      .optional(),
    document: gql`mutation retryWorkflowRunV1($input: RetryWorkflowRunInput!) {
      run: retryWorkflowRun(input: $input) { ...WorkflowRunV1 }
    } ${WORKFLOW_RUN}`,
    variables: ({ params, headers, body = {} }) => ({
      input: { id: params.id, mode: body.mode, step: body.step_ref, idempotencyKey: idempotencyKeyOf(headers) },
    }),
    response: workflowRunSchema,
    project: ({ run }: { run: WorkflowRunV1 }) => run,
    status: 201,
    errors: {
      BAD_REQUEST: 'A field is invalid, `from_step` has no step, or nothing has failed.',
      CONFLICT: 'The workflow run goes on.',
    },
  }),
  defineRoute({
    operationId: 'bulkCancelWorkflowRuns',
    method: 'POST',
    path: '/v1/workflow-runs/bulk-cancel',
    tag: 'Workflow runs',
    summary: 'Cancel multiple workflow runs',
    description: `Cancels up to ${MAX_CANCELED} workflow runs, each whole or not at all, and says of each what came of it. Requires the scope \`workflows:write\`.`,
    auth: 'key',
    query: z.strictObject({ project_id: projectParam }),
    body: z.strictObject({
      workflow_run_ids: z
        .array(z.string().min(1).max(64))
        .min(1)
        .max(MAX_CANCELED)
        .describe(`The workflow runs, 1 to ${MAX_CANCELED}.`),
      reason,
    }),
    document: gql`mutation bulkCancelWorkflowRuns($input: CancelWorkflowRunsInput!) {
      results: cancelWorkflowRuns(input: $input) { id status error }
    }`,
    variables: ({ query, body, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { input: { ids: body.workflow_run_ids, reason: body.reason } };
    },
    response: bulkCancelSchema,
    project: ({ results }: { results: Canceled }) => {
      const canceled = results.filter(({ error }) => error === null).length;
      return { results, total: results.length, canceled, failed: results.length - canceled };
    },
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
];

interface Operation {
  readonly operationId: string;
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description: string;
  readonly document: DocumentNode;
  readonly conflict: string;
}

function operation({ operationId, path, summary, description, document, conflict }: Operation): Route {
  return defineRoute({
    operationId,
    method: 'POST',
    path,
    tag: 'Workflow runs',
    summary,
    description: `${description} Requires the scope \`workflows:write\`.`,
    auth: 'key',
    params,
    body: operationBody,
    document,
    variables: ({ params: { id }, body }) => ({ input: { id, reason: body?.reason } }),
    response: workflowRunSchema,
    project: ({ run }: { run: WorkflowRunV1 }) => run,
    errors: { CONFLICT: conflict },
  });
}
