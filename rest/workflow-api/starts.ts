import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { JsonObjectInput, key } from '../../src/core/schemas.ts';
import { integerParam } from '../query.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { idempotencyHeaders, idempotencyKeyOf } from '../v1/idempotency-key.ts';
import { PAYLOAD_BODY_LIMIT } from '../v1/job-trigger.ts';
import { workflowNamed } from '../v1/workflow-trigger.ts';
import { RUN, type RunFields, runOf, runSchema } from './run-schema.ts';
import { ABOUT_WORKFLOW } from './shared.ts';
import { asObjects } from './words.ts';

const startBody = z
  .strictObject({
    initial_inputs: JsonObjectInput.nullish().describe('What it is started with, up to 5 MB; its steps see it as their payload.'),
    parent_run_id: key(64).nullish().describe('A run that it is listed below. Neither waits for the other.'),
    files: z.null().optional().describe('There is no store for files: pass where they are.'),
  })
  .meta({ id: 'WorkflowApiStart', description: 'What a workflow is started with.' });

const partialBody = z
  .strictObject({
    node_id: key(128).describe('The step that is wanted. It runs with what it depends on, and nothing else does.'),
    initial_inputs: JsonObjectInput.nullish().describe('What it is started with.'),
    partial_outputs: JsonObjectInput.nullish().describe('Outputs by step: those count as completed.'),
    rerun_predecessors: z.boolean().optional().describe('Runs all that it depends on, whatever `partial_outputs` says.'),
  })
  .meta({ id: 'WorkflowApiPartialStart', description: 'Which step of a workflow to run.' });

const MAX_ITEMS = 10_000;
const batchBody = z
  .strictObject({
    items: z
      .array(JsonObjectInput)
      .min(1)
      .max(MAX_ITEMS)
      .describe('The initial inputs of each run, 1 to 10,000, together up to 5 MB. There is no store for data sets.'),
    mini_batch_size: z.int().min(1).max(MAX_ITEMS).default(10).describe('How many runs go on at once.'),
  })
  .meta({ id: 'WorkflowApiBatch', description: 'What a workflow is run for.' });

const waitQuery = z.strictObject({
  wait_secs: integerParam(z.int().min(0).max(300).default(60)).describe('How many seconds to wait for the end of the run.'),
});

const outputsSchema = z.record(z.string(), z.record(z.string(), z.unknown())).meta({
  id: 'WorkflowApiOutputs',
  description: 'What a run returned, by name; what is no object is the field `value` of one.',
});
/** The first that fits; outputs that look like a run in every field would be printed the same. */
const endedSchema = z.union([runSchema, outputsSchema]);

interface Ran {
  readonly run: RunFields;
}

/** What a blocking start answers: outputs of a run that has completed, else the run as far as it is. */
const ended = {
  response: endedSchema,
  project: ({ run }: Ran) => {
    if (run.status === 'COMPLETED') return asObjects(run.output) ?? {};
    if (['FAILED', 'TIMED_OUT', 'CANCELED'].includes(run.status)) {
      throw new AppError('CONFLICT', `run ${run.id} has not completed: ${run.error ?? run.status.toLowerCase()}`);
    }
    return runOf(run);
  },
  status: { among: [200, 202], choose: ({ run }: Ran) => (run.status === 'COMPLETED' ? 200 : 202) },
  errors: {
    BAD_REQUEST: 'The input is invalid, the workflow is disabled, or the input does not match its schema.',
    CONFLICT: 'The run has failed or was canceled; the answer names it and says why.',
    RATE_LIMITED: 'Too many callers wait for runs.',
  },
} as const;

type Started = { readonly started: { readonly run: RunFields } };

const startedAs = {
  response: runSchema,
  project: ({ started }: Started) => runOf(started.run),
  errors: { BAD_REQUEST: 'The input is invalid, the workflow is disabled, or the input does not match its schema.' },
} as const;

/** `/wf/{workflow_id}/…`: run, start_run, run_partial and start_batch_run. */
export const workflowApiStartRoutes: readonly Route[] = [
  defineRoute({
    ...ABOUT_WORKFLOW,
    ...ended,
    operationId: 'runWorkflowApi',
    method: 'POST',
    path: '/wf/{workflow_id}/run/',
    summary: 'Run a workflow and wait for its outputs',
    description:
      'Starts a run and answers its outputs when it completes in time; else, and when it pauses for a person, 202 with the run, which goes on. Requires the scope `workflows:trigger`.',
    query: waitQuery,
    headers: idempotencyHeaders,
    body: startBody.optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation runWorkflowApi($input: TriggerWorkflowInput!, $waitSecs: Int) {
      run: runWorkflow(input: $input, waitSecs: $waitSecs) { ...RunFields }
    } ${RUN}`,
    variables: ({ params, query, headers, body }) => ({
      input: { ...startInput(params, body), idempotencyKey: idempotencyKeyOf(headers) },
      waitSecs: query.wait_secs,
    }),
  }),
  defineRoute({
    ...ABOUT_WORKFLOW,
    ...startedAs,
    operationId: 'startWorkflowApiRun',
    method: 'POST',
    path: '/wf/{workflow_id}/start_run/',
    summary: 'Start a run of a workflow',
    description: 'Starts a run and answers it; answered means stored. Requires the scope `workflows:trigger`.',
    headers: idempotencyHeaders,
    body: startBody.optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation startWorkflowApiRun($input: TriggerWorkflowInput!) {
      started: triggerWorkflow(input: $input) { run: workflowRun { ...RunFields } }
    } ${RUN}`,
    variables: ({ params, headers, body }) => ({
      input: { ...startInput(params, body), idempotencyKey: idempotencyKeyOf(headers) },
    }),
  }),
  defineRoute({
    ...ABOUT_WORKFLOW,
    ...ended,
    operationId: 'runWorkflowApiPartially',
    method: 'POST',
    path: '/wf/{workflow_id}/run_partial/',
    summary: 'Run one step of a workflow and wait for its output',
    description:
      'Runs a step with what it depends on, and nothing else; what has an output in `partial_outputs` does not run. Answers as a run of the whole does. Requires the scope `workflows:trigger`.',
    query: waitQuery,
    body: partialBody,
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation runWorkflowApiPartially($input: TriggerPartialWorkflowInput!, $waitSecs: Int) {
      run: runPartialWorkflow(input: $input, waitSecs: $waitSecs) { ...RunFields }
    } ${RUN}`,
    variables: ({ params, query, body }) => ({
      input: {
        workflow: workflowNamed(params.workflow_id),
        step: body.node_id,
        payload: body.initial_inputs ?? undefined,
        results: body.partial_outputs ?? undefined,
        rerunsDependencies: body.rerun_predecessors,
      },
      waitSecs: query.wait_secs,
    }),
  }),
  defineRoute({
    ...ABOUT_WORKFLOW,
    ...startedAs,
    operationId: 'startWorkflowApiBatch',
    method: 'POST',
    path: '/wf/{workflow_id}/start_batch_run/',
    summary: 'Start a batch of runs of a workflow',
    description:
      'Starts a run of the type `batch` whose work is a run for each row, so many at once, as its children. It fails when some of them do not complete. Requires the scope `workflows:trigger`.',
    headers: idempotencyHeaders,
    body: batchBody,
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation startWorkflowApiBatch($input: TriggerWorkflowBatchInput!) {
      started: triggerWorkflowBatch(input: $input) { run: workflowRun { ...RunFields } }
    } ${RUN}`,
    variables: ({ params, headers, body }) => ({
      input: {
        workflow: workflowNamed(params.workflow_id),
        items: body.items,
        parallel: body.mini_batch_size,
        idempotencyKey: idempotencyKeyOf(headers),
      },
    }),
  }),
];

function startInput(params: { readonly workflow_id: string }, body: z.output<typeof startBody> | undefined) {
  return {
    workflow: workflowNamed(params.workflow_id),
    payload: body?.initial_inputs ?? undefined,
    parentRunId: body?.parent_run_id ?? undefined,
  };
}
