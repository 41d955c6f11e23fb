import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const count = z.int();

const countsSchema = z
  .object({
    delayed: count.describe('Runs that are to start later.'),
    queued: count.describe('Runs that wait to be started.'),
    dequeued: count.describe('Runs about to be dispatched.'),
    executing: count.describe('Runs that executors work on.'),
    waiting: count.describe('Runs that sleep or are paused.'),
    completed: count.describe('Runs with a result.'),
    failed: count.describe('Runs with an error that no retry can cure.'),
    timed_out: count.describe('Runs whose last attempt took too long.'),
    crashed: count.describe('Runs whose executor fell silent.'),
    system_failed: count.describe('Runs that could not be dispatched.'),
    canceled: count.describe('Runs that were canceled.'),
    expired: count.describe('Runs that nobody started in time.'),
    dead_letter: count.describe('Runs whose attempts are spent.'),
  })
  .meta({ id: 'BatchCounts', description: 'The runs of a batch that are still kept, by status, counted at the request.' });

const batchSchema = z
  .object({
    id: z.string().describe('The batch, which its runs name as `batch_id`.'),
    project_id: z.string().describe('The project it belongs to.'),
    job_id: z.string().describe('The job that was triggered.'),
    idempotency_key: z.string().nullable().describe('The key it was triggered with; null when there was none.'),
    status: z
      .enum(['storing', 'running', 'finished'])
      .describe('`storing` until every item is dealt with, `running` until every run has ended, then `finished`.'),
    total: z.int().describe('How many items it has.'),
    stored: z.int().describe('How many of them have been dealt with.'),
    created: z.int().describe('How many runs it has made.'),
    failed: z.int().describe('How many items were refused.'),
    progress: z.number().describe('The share of its items that are over with, 0 to 1.'),
    counts: countsSchema,
    created_by: z.string().describe('Who triggered it.'),
    created_at: dateTime.describe('When it was triggered.'),
    started_at: dateTime.nullable().describe('When its first run was started; null before.'),
    finished_at: dateTime.nullable().describe('When its last run ended; null while any goes on, and without runs.'),
  })
  .meta({ id: 'BatchOperation', description: 'Runs of one job that were triggered together.' });

const BATCH = gql`fragment BatchV1 on Batch {
  id project_id: projectId job_id: jobId idempotency_key: key total stored created failed progress isFinished
  counts {
    delayed queued dequeued executing waiting paused completed failed timed_out: timedOut crashed
    system_failed: systemFailed canceled expired dead_letter: deadLetter
  }
  created_by: createdBy created_at: createdAt started_at: startedAt finished_at: finishedAt
}`;

type BatchV1 = Omit<z.input<typeof batchSchema>, 'status' | 'counts'> & {
  readonly isFinished: boolean;
  readonly counts: z.input<typeof countsSchema> & { readonly paused: number };
};

/** A paused run is a waiting one in the documented statuses. */
function printBatch({ isFinished, counts: { paused, ...counts }, ...batch }: BatchV1): z.input<typeof batchSchema> {
  const running = isFinished ? 'finished' : 'running';
  return {
    ...batch,
    status: batch.stored < batch.total ? 'storing' : running,
    counts: { ...counts, waiting: counts.waiting + paused },
  };
}

/** `/v1/batch-operations`: what came of bulk triggers. */
export const batchRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listBatchOperations',
    method: 'GET',
    path: '/v1/batch-operations',
    tag: 'Batches',
    summary: 'List batches',
    description: 'Lists the bulk triggers of the project, newest first. Requires the scope `runs:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      job_id: z.string().min(1).max(128).optional().describe('Only those of this job, by its id or slug.'),
      idempotency_key: z.string().min(1).max(256).optional().describe('Only the one that was triggered with this key.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listBatchOperations($filter: BatchFilter!, $first: Int, $after: String) {
      batches(filter: $filter, first: $first, after: $after) {
        edges { node { ...BatchV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${BATCH}`,
    variables: ({ query: { project_id, job_id: job, idempotency_key: key, limit, cursor }, actorProjectId }) => {
      requireOwnProject(project_id, actorProjectId);
      return { filter: { job, key }, first: limit, after: cursor };
    },
    response: z.array(batchSchema),
    project: ({ batches }: { batches: Page<BatchV1> }) => rowsOf(batches).map(printBatch),
    nextCursor: ({ batches }) => nextOf(batches),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getBatchOperation',
    method: 'GET',
    path: '/v1/batch-operations/{id}',
    tag: 'Batches',
    summary: 'Get a batch',
    description: 'Answers a bulk trigger as it stands now. Requires the scope `runs:read`.',
    auth: 'key',
    params: z.strictObject({ id: z.string().describe('The batch.') }),
    document: gql`query getBatchOperation($id: ID!) { batch(id: $id) { ...BatchV1 } } ${BATCH}`,
    variables: ({ params }) => ({ id: params.id }),
    response: batchSchema,
    project: ({ batch }: { batch: BatchV1 }) => printBatch(batch),
  }),
];
