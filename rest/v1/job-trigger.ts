import { z } from 'zod';
import { notFound } from '../../src/core/errors.ts';
import { dateTime } from '../date-time.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { batchKeyHeaders, idempotencyHeaders, idempotencyKeyOf } from './idempotency-key.ts';
import { JOB, jobSchema } from './job-schema.ts';
import { runStatus } from './run-status.ts';
import { bulkItem, triggerBody, triggerInput, triggerItems } from './trigger-bodies.ts';

const MEGABYTE = 1024 * 1024;

/** Bytes of a body that holds one payload: 5 MB of compact JSON, with room for white space, escapes and the fields around it. */
export const PAYLOAD_BODY_LIMIT = 6 * MEGABYTE;
const BULK_BODY_LIMIT = 64 * MEGABYTE;
const MAX_BULK_ITEMS = 100_000;

const params = z.strictObject({ id: z.string().describe('Id or slug of the job.') });
const MAX_JOB_NAME = 128;

const runToken = z
  .string()
  .nullable()
  .describe('The run token of its first attempt; null for a run that was there before, whose token was handed out with it.');
const idempotencyHit = z.boolean().describe('Whether the run was there already, under the same idempotency key.');
const payloadHash = z.string().describe('SHA-256 of the payload with its keys in order, in hexadecimal.');

const triggeredSchema = z
  .object({
    id: z.string().describe('The run.'),
    status: runStatus,
    payload_hash: payloadHash,
    run_token: runToken,
    idempotency_hit: idempotencyHit,
    batch: z.literal(true).optional().describe('Set when the trigger completed a batch, whose run this is.'),
  })
  .meta({
    id: 'TriggeredRun',
    description: 'The run that answers a trigger. It is stored: whatever happens, it is not lost any more.',
  });

const dryRunSchema = z
  .object({
    job: jobSchema,
    payload_hash: payloadHash,
    payload: z.unknown().describe('The input of the run.'),
    scheduled_at: dateTime.nullable().describe('When it would start; null is at once.'),
    expires_at: dateTime.nullable().describe('When it would expire unless it had started; null is never.'),
    validation_warnings: z.array(z.string()).describe('Always empty: whatever is wrong with a trigger is an error.'),
  })
  .meta({ id: 'DryRun', description: 'What a trigger would have done.' });

const debouncedSchema = z
  .object({
    debounced: z.literal(true),
    fire_at: dateTime.describe('When the trigger becomes a run, unless another one with its key comes before.'),
  })
  .meta({ id: 'DebouncedTrigger', description: 'A trigger that was taken on and waits for others with its key to stay away.' });

const bufferedSchema = z
  .object({ buffered: z.literal(true) })
  .meta({ id: 'BufferedTrigger', description: 'A trigger that was taken on and waits for its batch to be complete.' });

const bulkSchema = z
  .object({
    batch_id: z.string().describe('The batch that the new runs belong to.'),
    results: z
      .array(
        z.object({
          id: z.string().nullable().describe('The run; null when there is none.'),
          status: runStatus.nullable(),
          run_token: runToken,
          // GraphQL says null of an item without a run.
          idempotency_hit: z.preprocess((hit) => hit ?? false, idempotencyHit),
          debounced: z.boolean().describe('Whether the item was taken on and becomes a run at `fire_at`.'),
          fire_at: dateTime.nullable().describe('When a debounced item becomes a run; null for any other.'),
          buffered: z.boolean().describe('Whether the item was taken on and waits for its batch to be complete.'),
          error: z.string().nullable().describe('Why the item was refused; null when it was not.'),
        }),
      )
      .describe('One for each item, in the order given.'),
    total: z.int().describe('How many items there were.'),
    created: z.int().describe('How many new runs they made, in earlier tries under the same key too.'),
  })
  .meta({ id: 'BulkTriggerResult', description: 'What came of a bulk trigger.' });

type TriggeredV1 = Omit<z.input<typeof triggeredSchema>, 'batch'> & {
  readonly batch: boolean | null;
  readonly debounced: boolean;
  readonly fire_at: z.input<typeof debouncedSchema>['fire_at'] | null;
  readonly buffered: boolean;
  readonly dry_run: Omit<z.input<typeof dryRunSchema>, 'validation_warnings'> | null;
};
type BulkV1 = z.input<typeof bulkSchema>;

const REFUSED = {
  BAD_REQUEST: 'A field is invalid, the job is disabled, or the payload does not match the payload schema of the job.',
  CONFLICT: 'The idempotency key is held by a live run with another payload.',
  RATE_LIMITED: 'The rate limit of the job or a quota of the project is used up; `Retry-After` says when to try again.',
} as const;

/** `/v1/jobs/{id}/trigger` and `/v1/jobs/{id}/trigger/bulk`. */
export const jobTriggerRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'triggerJob',
    method: 'POST',
    path: '/v1/jobs/{id}/trigger',
    tag: 'Jobs',
    summary: 'Trigger a run',
    description:
      'Triggers one run of a job and answers as soon as it is stored. Repeating a trigger with the same idempotency key answers the run that is there. A job that debounces or gathers its triggers answers 202 when the run is yet to come. With `dry_run` everything is checked, nothing stored, and the answer is a 200. Requires the scope `jobs:trigger`.',
    auth: 'key',
    params,
    headers: idempotencyHeaders,
    body: triggerBody.optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation triggerJob($input: TriggerRunInput!) {
      triggered: triggerRun(input: $input) {
        id status payload_hash: payloadHash run_token: runToken idempotency_hit: idempotencyHit batch debounced fire_at: fireAt buffered
        dry_run: dryRun { job { ...JobV1 } payload payload_hash: payloadHash scheduled_at: scheduledAt expires_at: expiresAt }
      }
    } ${JOB}`,
    variables: ({ params, headers, body }) => ({
      input: { ...triggerInput(body ?? {}), job: jobOf(params), idempotencyKey: idempotencyKeyOf(headers) },
    }),
    response: z.union([triggeredSchema, dryRunSchema, debouncedSchema, bufferedSchema]),
    project: ({ triggered }: { triggered: TriggeredV1 }) => answerOf(triggered),
    status: {
      among: [201, 200, 202],
      choose: ({ triggered: { dry_run: dryRun, debounced, buffered } }) => (dryRun ? 200 : debounced || buffered ? 202 : 201),
    },
    errors: REFUSED,
  }),
  defineRoute({
    operationId: 'triggerJobInBulk',
    method: 'POST',
    path: '/v1/jobs/{id}/trigger/bulk',
    tag: 'Jobs',
    summary: 'Trigger many runs',
    description: [
      `Triggers up to ${MAX_BULK_ITEMS} runs of a job as a batch. The list is read as it arrives and stored once it is whole: a body that is malformed or too large stores nothing. An item that breaks a rule fails alone and says why.`,
      'With `Idempotency-Key` the request can be repeated for as long as the batch is kept: runs that are there already are answered as idempotency hits, and what a crash has left out is stored. Requires the scope `jobs:trigger`.',
    ].join('\n\n'),
    auth: 'key',
    params,
    headers: batchKeyHeaders,
    bodyList: {
      field: 'items',
      element: bulkItem,
      maxElements: MAX_BULK_ITEMS,
      maxElementBytes: PAYLOAD_BODY_LIMIT,
      describe: 'One entry per run.',
    },
    bodyLimit: BULK_BODY_LIMIT,
    longList: 'results',
    document: gql`mutation triggerJobInBulk($input: TriggerBatchInput!) {
      triggered: triggerBatch(input: $input) {
        batch_id: batchId total created
        results: items {
          id status run_token: runToken idempotency_hit: idempotencyHit debounced fire_at: fireAt buffered error
        }
      }
    }`,
    variables: ({ params, headers, elements }) => ({
      input: { job: jobOf(params), batchKey: idempotencyKeyOf(headers), items: elements && triggerItems(elements) },
    }),
    response: bulkSchema,
    project: ({ triggered }: { triggered: BulkV1 }) => triggered,
    status: 201,
    errors: {
      BAD_REQUEST: 'The list is malformed or empty, or the job is disabled.',
      CONFLICT: 'The key belongs to a batch of another job, or with other items.',
      UNAVAILABLE: 'Too many large lists are being read at once.',
    },
  }),
];

function answerOf({ dry_run: dryRun, debounced, fire_at, buffered, batch, ...run }: TriggeredV1) {
  if (dryRun) return { ...dryRun, validation_warnings: [] };
  if (debounced && fire_at !== null) return { debounced: true as const, fire_at };
  if (buffered) return { buffered: true as const };
  return { ...run, ...(batch && { batch: true as const }) };
}

/** As part of an input a longer one would be a field of the wrong form; in a path it is a job that is not there. */
function jobOf({ id }: { readonly id: string }): string {
  if (id.length > MAX_JOB_NAME) throw notFound('job');
  return id;
}
