import { z } from 'zod';
import { MACHINE_PRESETS } from '../../src/core/machine-preset.ts';
import { ACTION_RUN, actionRunSchema } from '../actions-api/action-run.ts';
import { wordInput } from '../names.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { type EitherRun, eitherRunOf } from './either-run.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from './run-schema.ts';

const params = z.strictObject({ id: z.string().describe('The run.') });

/** What can be done to the process of a managed run: `/v1/runs/{id}/pause`, `/resume` and `/restart`. */
export const runManagedRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'pauseRun',
    method: 'POST',
    path: '/v1/runs/{id}/pause',
    tag: 'Runs',
    summary: 'Pause a managed run',
    description:
      'Stops the process of a managed run until it is resumed, and keeps its last checkpoint; the run is then printed as `waiting`. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation pauseRun($id: ID!) { run: pauseRun(id: $id) { ...JobRunV1 } } ${JOB_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    errors: { BAD_REQUEST: 'The run is not managed, or it is not executing.' },
  }),
  defineRoute({
    operationId: 'resumeRun',
    method: 'POST',
    path: '/v1/runs/{id}/resume',
    tag: 'Runs',
    summary: 'Resume a paused run, or a stopped action run',
    description:
      'Puts a paused run of a job back into the queue: a new process goes on from its last checkpoint. Lets a run of an action that was stopped, or of which something is paused, go on where it left off. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    body: z.strictObject({ action: z.literal('resume').optional().describe('What to do; there is nothing else.') }).optional(),
    document: gql`mutation resumeRun($id: ID!) {
      run: resumeRunOrBatch(id: $id) { kind: __typename ... on Run { ...JobRunV1 } ... on Batch { ...ActionRunFields } }
    } ${JOB_RUN} ${ACTION_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: z.union([actionRunSchema, jobRunSchema]),
    project: ({ run }: { run: EitherRun }) => eitherRunOf(run),
    errors: { BAD_REQUEST: 'The run of a job is not paused.', CONFLICT: 'The run of an action is neither stopped nor paused.' },
  }),
  defineRoute({
    operationId: 'restartRun',
    method: 'POST',
    path: '/v1/runs/{id}/restart',
    tag: 'Runs',
    summary: 'Restart a managed run with optional preset override',
    description:
      'Starts the process of a managed run anew from its last checkpoint, with another machine preset if asked for. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    body: z
      .strictObject({
        machine_preset: wordInput(MACHINE_PRESETS, 'is invalid')
          .optional()
          .describe('How much memory the run has from now on; that which it had when left out.'),
      })
      .optional(),
    document: gql`mutation restartRun($id: ID!, $machinePreset: MachinePreset) {
      run: restartRun(id: $id, machinePreset: $machinePreset) { ...JobRunV1 }
    } ${JOB_RUN}`,
    variables: ({ params, body }) => ({ id: params.id, machinePreset: body?.machine_preset }),
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    errors: {
      BAD_REQUEST: 'The run is not managed, it is neither executing nor paused, or there is no such machine preset.',
      CONFLICT: 'The run was moved by something else at this moment.',
    },
  }),
];
