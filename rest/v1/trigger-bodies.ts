import { z } from 'zod';
import type { AppError } from '../../src/core/errors.ts';
import { JsonInput, key, Metadata, Tags } from '../../src/core/schemas.ts';
import { dateTimeInput } from '../date-time.ts';
import { toCamelKeys, wordInput } from '../names.ts';
import type { Element } from '../streamed-body.ts';
import { RETRY_STRATEGIES } from './job-schema.ts';

// The limits are the domain's, in the words of REST; a test compares the two.

const RETRY_BACKOFF = 'Overrides the retry strategy of the job for this run; `custom` needs a job with `retry_delays_secs`.';

const item = {
  payload: JsonInput.optional().describe('Input of the run, any JSON up to 5 MB; checked against the payload schema of the job.'),
  scheduled_at: dateTimeInput.optional().describe('Start no earlier than this moment; a past moment means now.'),
  priority: z.int().min(0).max(10).optional().describe('0 (default) to 10; higher runs are claimed first.'),
  tags: Tags.optional().describe('Labels to find the run by.'),
  metadata: Metadata.optional().describe('String values kept with the run, over the defaults of the job.'),
  ttl_secs: z.int().min(1).max(31_536_000).optional().describe('Seconds after which the run expires if nobody started it.'),
  concurrency_key: z.string().min(1).max(128).optional().describe('Runs with the same key share the per-key limit of the job.'),
  timeout_secs_override: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe('Overrides the timeout of the job for this run, in seconds.'),
  max_attempts_override: z.int().min(1).max(100).optional().describe('Overrides the maximum attempts of the job for this run.'),
  retry_backoff: wordInput(RETRY_STRATEGIES).optional().describe(RETRY_BACKOFF),
  retry_initial_delay_secs: z
    .int()
    .min(0)
    .max(3_600)
    .optional()
    .describe('Overrides the first retry delay of the job for this run, in seconds.'),
  retry_max_delay_secs: z
    .int()
    .min(1)
    .max(3_600)
    .optional()
    .describe('Overrides the longest retry delay of the job for this run, in seconds.'),
  debounce_key: key(128)
    .optional()
    .describe('Which triggers of a debounced job are taken for one; those without a key are, too. Other jobs ignore it.'),
  batch_key: key(128)
    .optional()
    .describe('Which triggers of a batching job become one run; those without a key do, too. Other jobs ignore it.'),
};

/** What may be said about one run when it is triggered. */
export const triggerBody = z
  .strictObject({ ...item, dry_run: z.boolean().optional().describe('Check everything, store nothing.') })
  .meta({ id: 'Trigger', description: 'What to trigger a run with; every field has a default.' });

/** One run of a bulk trigger. */
export const bulkItem = z
  .strictObject({
    ...item,
    // The items of a list are handed to the domain as they are, and its word is the one of REST.
    retry_backoff: z.enum(RETRY_STRATEGIES).optional().describe(RETRY_BACKOFF),
    idempotency_key: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('While a run with this key is live, triggering again answers that run.'),
  })
  .meta({ id: 'BulkTriggerItem', description: 'One run of a bulk trigger.' });

/** The fields of a trigger as GraphQL knows them. */
export function triggerInput(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { timeout_secs_override: timeoutSecs, max_attempts_override: maxAttempts, ...others } = body;
  return { ...toCamelKeys(others), timeoutSecs, maxAttempts };
}

/** The items of a bulk trigger as the domain takes them; one with a fault stands for itself. */
export async function* triggerItems(elements: AsyncIterable<Element>): AsyncGenerator<Record<string, unknown> | AppError> {
  for await (const element of elements) {
    if ('error' in element) yield element.error;
    else yield triggerItem(element.value as z.output<typeof bulkItem>);
  }
}

function triggerItem(item: z.output<typeof bulkItem>): Record<string, unknown> {
  const { scheduled_at: scheduledAt } = item;
  return { ...triggerInput(item), ...(scheduledAt !== undefined && { scheduledAt: new Date(scheduledAt) }) };
}
