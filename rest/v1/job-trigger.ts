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
  .describe('The run token of its first attempt; null on an idempotency hit, whose token was handed out before.');
const idempotencyHit = z.boolean().describe('Whether the run was there already, under the same idempotency key.');
const payloadHash = z.string().describe('SHA-256 of the payload with its keys in order, in hexadecimal.');

const triggeredSchema = z
  .object({
    id: z.string().describe('The run.'),
    status: runStatus,
    payload_hash: payloadHash,
    run_token: runToken,
    idempotency_hit: idempotencyHit,
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
          error: z.string().nullable().describe('Why there is no run; null when there is one.'),
        }),
      )
      .describe('One for each item, in the order given.'),
    total: z.int().describe('How many items there were.'),
    created: z.int().describe('How many new runs they made, in earlier tries under the same key too.'),
  })
  .meta({ id: 'BulkTriggerResult', description: 'What came of a bulk trigger.' });

type TriggeredV1 = z.input<typeof triggeredSchema> & {
  readonly dry_run: Omit<z.input<typeof dryRunSchema>, 'validation_warnings'> | null;
};
type BulkV1 = z.input<typeof bulkSchema>;

const REFUSED = {
  BAD_REQUEST: 'A field is invalid, the job is disabled, or the payload does not match the payload schema of the job.',
  CONFLICT: 'The idempotency key is held by a live run with another payload.',
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
      'Triggers one run of a job and answers as soon as it is stored. Repeating a trigger with the same idempotency key answers the run that is there. With `dry_run` everything is checked, nothing stored, and the answer is a 200. Requires the scope `jobs:trigger`.',
    auth: 'key',
    params,
    headers: idempotencyHeaders,
    body: triggerBody.optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation triggerJob($input: TriggerRunInput!) {
      triggered: triggerRun(input: $input) {
        id status payload_hash: payloadHash run_token: runToken idempotency_hit: idempotencyHit
        dry_run: dryRun { job { ...JobV1 } payload payload_hash: payloadHash scheduled_at: scheduledAt expires_at: expiresAt }
      }
    } ${JOB}`,
    variables: ({ params, headers, body }) => ({
      input: { ...triggerInput(body ?? {}), job: jobOf(params), idempotencyKey: idempotencyKeyOf(headers) },
    }),
    response: z.union([triggeredSchema, dryRunSchema]),
    project: ({ triggered }: { triggered: TriggeredV1 }) =>
      triggered.dry_run === null ? triggered : { ...triggered.dry_run, validation_warnings: [] },
    status: { among: [201, 200], choose: ({ triggered }) => (triggered.dry_run === null ? 201 : 200) },
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
        results: items { id status run_token: runToken idempotency_hit: idempotencyHit error }
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

/** As part of an input a longer one would be a field of the wrong form; in a path it is a job that is not there. */
function jobOf({ id }: { readonly id: string }): string {
  if (id.length > MAX_JOB_NAME) throw notFound('job');
  return id;
}
