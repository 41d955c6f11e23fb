import { z } from 'zod';
import { JsonObjectInput, MAX_INT32 } from '../../src/core/schemas.ts';
import { dateTimeInput } from '../date-time.ts';
import { integerParam } from '../query.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { PAYLOAD_BODY_LIMIT } from './job-trigger.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from './run-schema.ts';

const params = z.strictObject({ id: z.string().describe('The run.') });

const okSchema = z.object({ status: z.literal('ok').describe('Always `ok`.') });

const resetSchema = z.object({
  status: z.literal('reset').describe('Always `reset`.'),
  run_id: z.string().describe('The run.'),
});

/** What else can be done to one run: `/v1/runs/{id}/replay`, `/reschedule`, `/debug` and `/idempotency-key`. */
export const runOperationRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'replayRun',
    method: 'POST',
    path: '/v1/runs/{id}/replay',
    tag: 'Runs',
    summary: 'Replay a run',
    description:
      'Does the work of a run that has failed, timed out, crashed or system-failed again, as a new run under the job as it is now: same payload, priority, tags and metadata, first attempt, no idempotency key. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    query: z.strictObject({
      from_checkpoint: integerParam(
        z.int('must be a positive integer').min(1, 'must be a positive integer').max(MAX_INT32, 'must be a positive integer'),
      )
        .optional()
        .describe('Sequence of a checkpoint of the run: its state becomes the payload, and the new run is in debug mode.'),
    }),
    document: gql`mutation replayRun($id: ID!, $fromCheckpoint: Int) {
      run: replayRun(id: $id, fromCheckpoint: $fromCheckpoint) { ...JobRunV1 }
    } ${JOB_RUN}`,
    variables: ({ params, query }) => ({ id: params.id, fromCheckpoint: query.from_checkpoint }),
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    status: 202,
    errors: {
      BAD_REQUEST: 'The run is not replayable, or its job is gone, disabled or refuses the payload by now.',
      NOT_FOUND: 'There is no such run, or it has no such checkpoint.',
    },
  }),
  defineRoute({
    operationId: 'rescheduleRun',
    method: 'POST',
    path: '/v1/runs/{id}/reschedule',
    tag: 'Runs',
    summary: 'Reschedule a run',
    description:
      'Moves the start of a run that nobody has started yet, and may replace its payload. A past moment starts it as soon as possible. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    body: z.strictObject({
      scheduled_at: dateTimeInput.describe('Start no earlier than this moment; a past moment means now.'),
      payload: JsonObjectInput.optional().describe(
        'A new input of the run, checked against the payload schema of its job; kept when left out.',
      ),
    }),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation rescheduleRun($id: ID!, $input: RescheduleRunInput!) {
      run: rescheduleRun(id: $id, input: $input) { ...JobRunV1 }
    } ${JOB_RUN}`,
    variables: ({ params, body }) => ({
      id: params.id,
      input: { scheduledAt: body.scheduled_at, payload: body.payload },
    }),
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    errors: {
      BAD_REQUEST: 'A field is invalid, or the payload does not match the payload schema of the job.',
      NOT_FOUND: 'There is no such run, or it was started before.',
    },
  }),
  defineRoute({
    operationId: 'setRunDebugMode',
    method: 'POST',
    path: '/v1/runs/{id}/debug',
    tag: 'Runs',
    summary: 'Enable/disable debug mode',
    description:
      'Switches whether what is sent to the executor of a run and what it answers are kept as events of the type `debug`, from the next dispatch on. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    body: z.strictObject({ debug_mode: z.boolean().describe('Whether to keep them.') }),
    document: gql`mutation setRunDebugMode($id: ID!, $enabled: Boolean!) { setDebugMode(id: $id, enabled: $enabled) { id } }`,
    variables: ({ params, body }) => ({ id: params.id, enabled: body.debug_mode }),
    response: okSchema,
    project: () => ({ status: 'ok' as const }),
  }),
  defineRoute({
    operationId: 'resetRunIdempotencyKey',
    method: 'DELETE',
    path: '/v1/runs/{id}/idempotency-key',
    tag: 'Runs',
    summary: 'Reset idempotency key for a run',
    description:
      'Takes the idempotency key off a run, so that the next trigger with it makes a new run. Not while an executor works on the run or the run waits to go on. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation resetRunIdempotencyKey($id: ID!) { run: resetIdempotencyKey(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    response: resetSchema,
    project: ({ run }: { run: { id: string } }) => ({ status: 'reset' as const, run_id: run.id }),
    errors: { NOT_FOUND: 'There is no such run, or it is being worked on.' },
  }),
];
