import { GraphQLError, valueFromASTUntyped } from 'graphql';
import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { RETRY_STRATEGIES, type RetryStrategy } from '../../src/core/retry.ts';
import { type BatchItem, type BatchItems, MAX_BATCH_ITEMS } from '../../src/domain/batches/batch-items.ts';
import { BatchCallbackInput } from '../../src/domain/batches/batch-options.ts';
import { TriggerBatchInput, triggerBatch } from '../../src/domain/batches/trigger-batch.ts';
import { TriggerItemInput } from '../../src/domain/runs/trigger.ts';
import { builder } from '../builder.ts';
import { parseDateTime } from '../date-time.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { BulkTriggerResult } from '../runs/triggered.ts';
import { CallbackMomentEnum } from './enums.ts';

builder.scalarType('TriggerItemStream', {
  description:
    'A list of objects with the fields of `TriggerItemInput`, each read and checked by itself. In a document it is as long as a request body may be.',
  parseValue: toItems,
  parseLiteral: (node, variables) => toItems(valueFromASTUntyped(node, variables)),
});

const callback = describedBy(BatchCallbackInput);
/** Whom to tell of the endings of a batch. */
export const BatchCallback = builder
  .inputType('BatchCallbackInput', {
    description:
      'Whom to tell of the endings of a batch. Callbacks are signed with the webhook secret of the job, or its signing secret.',
    fields: (t) => ({
      url: t.string({ required: true, ...callback.url }),
      headers: t.field({ type: 'StringMap', ...callback.headers }),
      on: t.field({ type: CallbackMomentEnum, ...callback.on }),
    }),
  })
  .validate(leavingOutNulls(BatchCallbackInput));

const described = describedBy(TriggerBatchInput);
const TriggerBatch = builder
  .inputType('TriggerBatchInput', {
    description: 'Which runs to trigger, in a list that is read item by item.',
    fields: (t) => ({
      job: t.id({ required: true, ...described.job }),
      items: t.field({ type: 'TriggerItemStream', required: true, ...described.items }),
      batchKey: t.string(described.batchKey),
      parameters: t.field({ type: 'JSONObject', ...described.parameters }),
      callback: t.field({ type: BatchCallback, ...described.callback }),
    }),
  })
  .validate(leavingOutNulls(TriggerBatchInput));

builder.mutationField('triggerBatch', (t) =>
  t.field({
    type: BulkTriggerResult,
    description: `Triggers up to ${MAX_BATCH_ITEMS} runs of one job as a batch; an item that breaks a rule fails alone. \`POST /v1/jobs/{id}/trigger/bulk\` executes it with a list of up to 64 MB that is read as it arrives. With a \`batchKey\` it can be repeated: what is there is answered, what a crash left out is made. Requires \`jobs:trigger\`.`,
    args: { input: t.arg({ type: TriggerBatch, required: true, description: 'Which runs to trigger.' }) },
    authScopes: { scope: 'jobs:trigger' },
    resolve: (_root, { input }, { actor, runs }) => triggerBatch(actor, input, runs),
  }),
);

/** Within the server the items may come as a stream, already checked by the face that reads them; nothing but that is one. */
function toItems(value: unknown): BatchItems {
  if (Array.isArray(value)) return checked(value);
  if (isStream(value)) return value;
  throw new GraphQLError('must be a list of items');
}

function isStream(value: unknown): value is BatchItems {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** What the enum of GraphQL calls a strategy. */
function inGraphQL(strategy: RetryStrategy): Uppercase<RetryStrategy> {
  return strategy.toUpperCase() as Uppercase<RetryStrategy>;
}

/** An item as JSON carries it. */
const JsonItem = leavingOutNulls(
  TriggerItemInput.extend({
    scheduledAt: z
      .string()
      .transform((text, context) => {
        const date = parseDateTime(text);
        if (!date)
          context.issues.push({ code: 'custom', message: 'must be an RFC 3339 date-time with seconds and a zone', input: text });
        return date ?? z.NEVER;
      })
      .optional(),
    retryBackoff: z
      .enum(RETRY_STRATEGIES.map(inGraphQL))
      .transform((name) => name.toLowerCase() as RetryStrategy)
      .optional(),
  }),
);

async function* checked(items: readonly unknown[]): AsyncGenerator<BatchItem> {
  for (const item of items) {
    const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
    yield isObject ? checkedItem(item) : new AppError('BAD_REQUEST', 'an item must be an object');
  }
}

function checkedItem(item: object): BatchItem {
  const parsed = JsonItem.safeParse(item);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return new AppError('BAD_REQUEST', faults.join('; '));
}
