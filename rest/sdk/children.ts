import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { JsonInput } from '../../src/core/schemas.ts';
import { toCamelKeys, wordOutput } from '../names.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { PAYLOAD_BODY_LIMIT } from '../v1/job-trigger.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from '../v1/run-schema.ts';
import { runStatus } from '../v1/run-status.ts';
import { ownRunParams, STALE } from './own-run.ts';

const MONTH_SECS = 30 * 86_400;

const spawnBody = z
  .strictObject({
    job_id: z.string().min(1).max(128).optional().describe('Id or slug of the job to run; this or `job_slug`.'),
    job_slug: z.string().min(1).max(128).optional().describe('Slug of the job to run; this or `job_id`.'),
    project_id: z.string().optional().describe('The project of the job; only ever that of the parent.'),
    payload: JsonInput.optional().describe('Input of the child run, any JSON up to 5 MB.'),
    priority: z.int().min(0).max(10).optional().describe('0 (default) to 10.'),
    spawn_key: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('Names the child within its parent: spawning the same key again answers the child there is.'),
    await_completion: z.boolean().optional().describe('Put the parent to sleep until the child has ended.'),
    await_timeout_secs: z.int().min(1).max(MONTH_SECS).optional().describe('Seconds to sleep at most; 3600 when left out.'),
  })
  .refine(({ job_id, job_slug }) => (job_id === undefined) !== (job_slug === undefined), {
    path: ['job_id'],
    message: 'either job_id or job_slug is required, and not both',
  })
  .meta({ id: 'Spawn', description: 'The child run to start.' });

const childrenSchema = z
  .object({
    status: wordOutput(['waiting', 'ready']).describe(
      '`waiting`: the run sleeps now, and the executor should leave it; `ready`: all have ended.',
    ),
    children: z
      .array(
        z.object({
          id: z.string().describe('The child.'),
          status: runStatus,
          result: z.unknown().describe('What it returned; null until it has completed.'),
          error: z.string().nullable().describe('Why it failed, if it did.'),
        }),
      )
      .describe('The children that were asked for, oldest first.'),
  })
  .meta({ id: 'ChildrenWait', description: 'How a parent and its children stand.' });

/** What an executor does with other runs: spawn, wait-for-children. */
export const childrenRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'spawnChild',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/spawn',
    tag: 'Executors',
    summary: 'Spawn a child job run',
    description:
      'Starts a run of another job, or of the same one, as a child of this run. With a spawn key it is safe to repeat. With `await_completion` this run sleeps until the child has ended, and is then dispatched again as the same attempt.',
    auth: 'run-token',
    params: ownRunParams,
    body: spawnBody,
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation spawnChild($input: SpawnRunInput!) { run: spawnRun(input: $input) { ...JobRunV1 } } ${JOB_RUN}`,
    variables: ({ body: { job_id, job_slug, project_id, ...child }, actorProjectId }) => {
      if (project_id !== undefined && project_id !== actorProjectId) {
        throw new AppError('BAD_REQUEST', 'target_api_key is required for cross-project spawn');
      }
      return { input: { ...toCamelKeys(child), job: job_id ?? job_slug } };
    },
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    status: 202,
    errors: {
      ...STALE,
      BAD_REQUEST: 'A field is invalid, the job is disabled or of another project, or runs are nested too deep.',
      RATE_LIMITED: 'The rate limit of the job or a quota of the project is used up.',
    },
  }),
  defineRoute({
    operationId: 'waitForChildren',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/wait-for-children',
    tag: 'Executors',
    summary: 'Sleep until child runs have ended',
    description:
      'Puts the run to sleep until its children have ended, unless they have. A sleeping run holds no slot; it is dispatched again as the same attempt.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        run_ids: z
          .array(z.uuid({ error: 'must be the id of a run' }))
          .min(1)
          .max(1_000)
          .optional()
          .describe('The children to wait for; all of them when left out.'),
        timeout_secs: z.int().min(1).max(MONTH_SECS).optional().describe('Seconds to wait at most: 3600 when left out.'),
      })
      .meta({ id: 'WaitForChildren', description: 'Which children to wait for.' })
      .optional(),
    document: gql`mutation waitForChildren($input: WaitForChildrenInput!) {
      wait: waitForChildren(input: $input) { status children { id status result error } }
    }`,
    variables: ({ body }) => ({ input: toCamelKeys(body ?? {}) }),
    response: childrenSchema,
    project: ({ wait }: { wait: z.input<typeof childrenSchema> }) => wait,
    errors: STALE,
  }),
];
