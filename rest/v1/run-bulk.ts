import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from './run-schema.ts';
import { runStatus, runStatusParam } from './run-status.ts';

const MAX_CANCELED = 100;
const MAX_REPLAYED = 100;
const MAX_DEAD_LETTERS = 500;
const DEFAULT_DEAD_LETTERS = 100;

const runId = z.string().min(1).max(64);

/** Lists of ids whose limit is told in the documented words, which a schema cannot do: it is checked with the variables. */
function runIds(max: number) {
  return z.array(runId).min(1).meta({ maxItems: max });
}

const bulkCancelSchema = z
  .object({
    results: z
      .array(
        z.object({
          id: z.string().describe('The run, as it was named.'),
          status: z
            .union([runStatus, z.literal('failed')])
            .describe('Its status after the request; `failed` when there is no such run.'),
          error: z.string().nullable().describe('Why it was not canceled; null when it was.'),
        }),
      )
      .describe('One for each run, in the order given; by filters at most 1,000, those that were not canceled first.'),
    total: z.int().describe('How many runs were meant.'),
    canceled: z.int().describe('How many of them were canceled.'),
    failed: z.int().describe('How many were not.'),
  })
  .meta({ id: 'BulkCancelResult', description: 'What came of canceling many runs.' });

type Canceled = Omit<z.input<typeof bulkCancelSchema>, 'results'> & {
  readonly results: readonly { readonly id: string; readonly status: string | null; readonly error: string | null }[];
};

const CANCEL = gql`mutation bulkCancelRuns($input: RunTargetInput!) {
  done: cancelRuns(input: $input) { results { id status error } total canceled failed }
}`;

function canceled({ done }: { readonly done: Canceled }): z.input<typeof bulkCancelSchema> {
  return { ...done, results: done.results.map((result) => ({ ...result, status: result.status ?? 'failed' })) };
}

const NOT_THEIRS = { NOT_FOUND: 'The project is not that of the key.' } as const;

/** What can be done to many runs at once: `/v1/runs/bulk-…`. */
export const runBulkRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'bulkCancelRuns',
    method: 'POST',
    path: '/v1/runs/bulk-cancel',
    tag: 'Runs',
    summary: 'Cancel multiple runs',
    description: `Cancels up to ${MAX_CANCELED} runs and everything they spawned, and says of each what came of it. Requires the scope \`runs:write\`.`,
    auth: 'key',
    body: z.strictObject({ run_ids: runIds(MAX_CANCELED).describe(`The runs, 1 to ${MAX_CANCELED}.`) }),
    document: CANCEL,
    variables: ({ body }) => {
      if (body.run_ids.length > MAX_CANCELED) throw badRequest(`maximum ${MAX_CANCELED} run IDs per bulk cancel request`);
      return { input: { ids: body.run_ids } };
    },
    response: bulkCancelSchema,
    project: canceled,
  }),
  defineRoute({
    operationId: 'bulkCancelAllRuns',
    method: 'POST',
    path: '/v1/runs/bulk-cancel-all',
    tag: 'Runs',
    summary: 'Cancel all runs matching filters',
    description:
      'Cancels every run of the project that has not ended and meets all of the filters, whatever it is doing, and everything it spawned. At least one filter is required. Requires the scope `runs:write`.',
    auth: 'key',
    query: z.strictObject({ project_id: projectParam.describe('The project, which is that of the API key; required.') }),
    body: z.strictObject({
      job_id: z.string().min(1).max(128).optional().describe('Only runs of this job.'),
      batch_id: z.string().min(1).max(64).optional().describe('Only runs of this bulk trigger.'),
      triggered_by: z.string().min(1).max(64).optional().describe('Only runs triggered so.'),
      status: runStatusParam.optional(),
    }),
    document: CANCEL,
    variables: ({ query, body, actorProjectId }) => {
      if (query.project_id === undefined) throw badRequest('project_id query parameter is required');
      requireOwnProject(query.project_id, actorProjectId);
      const { job_id: job, batch_id: batchId, triggered_by: triggeredBy, status } = body;
      return { input: { filter: { job, batchId, triggeredBy, status } } };
    },
    response: bulkCancelSchema,
    project: canceled,
    errors: { ...NOT_THEIRS, BAD_REQUEST: 'There is no project, no filter, or a filter is invalid.' },
  }),
  defineRoute({
    operationId: 'bulkReplayRuns',
    method: 'POST',
    path: '/v1/runs/bulk-replay',
    tag: 'Runs',
    summary: 'Replay multiple runs by ID',
    description: `Replays up to ${MAX_REPLAYED} runs, each as \`/v1/runs/{id}/replay\` does, and answers the new runs in the order of the old ones. What cannot be replayed is left out; GraphQL's \`replayRuns\` says why. Requires the scope \`runs:write\`.`,
    auth: 'key',
    body: z.strictObject({ run_ids: runIds(MAX_REPLAYED).describe(`The runs, 1 to ${MAX_REPLAYED}.`) }),
    document: gql`mutation bulkReplayRuns($input: RunTargetInput!) { done: replayRuns(input: $input) { runs { ...JobRunV1 } } } ${JOB_RUN}`,
    variables: ({ body }) => {
      if (body.run_ids.length > MAX_REPLAYED) throw badRequest(`maximum ${MAX_REPLAYED} run IDs per bulk replay request`);
      return { input: { ids: body.run_ids } };
    },
    response: z.array(jobRunSchema),
    project: ({ done }: { done: { runs: JobRunV1[] } }) => done.runs,
  }),
  defineRoute({
    operationId: 'bulkReplayDeadLetteredRuns',
    method: 'POST',
    path: '/v1/runs/bulk-dlq-replay',
    tag: 'Runs',
    summary: 'Bulk replay dead-lettered runs',
    description: `Puts dead-lettered runs back into the queue, each as its own first attempt: up to ${MAX_DEAD_LETTERS} named ones, or the oldest of the project. Requires the scope \`runs:write\`.`,
    auth: 'key',
    body: z.strictObject({
      run_ids: runIds(MAX_DEAD_LETTERS).optional().describe(`The runs, up to ${MAX_DEAD_LETTERS}; goes without \`project_id\`.`),
      project_id: z
        .string()
        .optional()
        .describe('The project of the API key, for its oldest dead letters; goes without `run_ids`.'),
      limit: z
        .int()
        .min(1)
        .meta({ maximum: MAX_DEAD_LETTERS })
        .optional()
        .describe(
          `With \`project_id\`: the most runs to replay, 1 to ${MAX_DEAD_LETTERS}, ${DEFAULT_DEAD_LETTERS} when left out.`,
        ),
    }),
    document: gql`mutation bulkReplayDeadLetteredRuns($input: ReplayDeadLettersInput!) {
      done: replayDeadLetters(input: $input) { runs { ...JobRunV1 } replayed }
    } ${JOB_RUN}`,
    variables: ({ body, actorProjectId }) => {
      const { run_ids: ids, project_id: projectId, limit } = body;
      if ((ids === undefined) === (projectId === undefined)) throw badRequest('provide either run_ids or project_id');
      if (ids && ids.length > MAX_DEAD_LETTERS) throw badRequest(`too many run_ids (max ${MAX_DEAD_LETTERS})`);
      if (limit !== undefined && limit > MAX_DEAD_LETTERS) throw badRequest(`limit must be <= ${MAX_DEAD_LETTERS}`);
      if (ids && limit !== undefined) throw badRequest('limit goes with project_id, not with run_ids');
      requireOwnProject(projectId, actorProjectId);
      return { input: ids ? { ids } : { filter: {}, limit: limit ?? DEFAULT_DEAD_LETTERS } };
    },
    response: z
      .object({
        replayed: z.array(jobRunSchema).describe('The runs that are queued again.'),
        count: z.int().describe('How many they are.'),
      })
      .meta({ id: 'BulkDlqReplayResult', description: 'What came of replaying many dead letters.' }),
    project: ({ done }: { done: { runs: JobRunV1[]; replayed: number } }) => ({ replayed: done.runs, count: done.replayed }),
    errors: { ...NOT_THEIRS, CONFLICT: 'None of the runs is dead-lettered.' },
  }),
];

function badRequest(message: string): AppError {
  return new AppError('BAD_REQUEST', message);
}
