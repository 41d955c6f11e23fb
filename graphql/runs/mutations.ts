import type { InputFieldBuilder } from '@pothos/core';
import { z } from 'zod';
import { TriggerRunsInput, triggerRuns } from '../../src/domain/batches/trigger-batch.ts';
import { cancelRun } from '../../src/domain/runs/cancel.ts';
import { replayDeadLetter } from '../../src/domain/runs/dlq-replay.ts';
import { dryRunTrigger, type TriggerItem, TriggerItemInput, TriggerRunInput, triggerJob } from '../../src/domain/runs/trigger.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { RetryStrategyEnum } from '../jobs/definition.ts';
import { BulkTriggerResult, TriggerResult } from './triggered.ts';
import { Run } from './type.ts';

const one = describedBy(TriggerRunInput);
const TriggerRun = builder
  .inputType('TriggerRunInput', {
    description: 'What to trigger.',
    fields: (t) => ({ job: t.id({ required: true, ...one.job }), dryRun: t.boolean(one.dryRun), ...itemFields(t) }),
  })
  .validate(leavingOutNulls(TriggerRunInput));

/** Its fields are checked with the whole list, once. */
const TriggerItemRef = builder
  .inputType('TriggerItemInput', { description: 'One run of a bulk trigger.', fields: (t) => itemFields(t) })
  .validate(leavingOutNulls(z.custom<TriggerItem>()));

const many = describedBy(TriggerRunsInput);
const TriggerRuns = builder
  .inputType('TriggerRunsInput', {
    description: 'Which runs to trigger.',
    fields: (t) => ({
      job: t.id({ required: true, ...many.job }),
      items: t.field({ type: [TriggerItemRef], required: true, ...many.items }),
      batchKey: t.string(many.batchKey),
    }),
  })
  .validate(leavingOutNulls(TriggerRunsInput));

builder.mutationFields((t) => ({
  triggerRun: t.field({
    type: TriggerResult,
    description:
      'Triggers a run of a job. Answered means stored: the run, or a trigger that is debounced or buffered, is not lost any more. CONFLICT when the idempotency key is held by a live run with another payload, RATE_LIMITED by the quotas of the project and the rate limit of the job. Requires `jobs:trigger`.',
    args: { input: t.arg({ type: TriggerRun, required: true, description: 'What to trigger.' }) },
    authScopes: { scope: 'jobs:trigger' },
    resolve: async (_root, { input }, { actor, runs }) =>
      input.dryRun
        ? { run: null, debouncedUntil: null, buffered: false, dryRun: await dryRunTrigger(actor, input, runs) }
        : { ...(await triggerJob(actor, input, runs)), dryRun: null },
  }),
  triggerRuns: t.field({
    type: BulkTriggerResult,
    description:
      'Triggers up to 1,000 runs of one job as a batch; an item that its job refuses fails alone. For longer lists see `triggerBatch`. Requires `jobs:trigger`.',
    args: { input: t.arg({ type: TriggerRuns, required: true, description: 'Which runs to trigger.' }) },
    authScopes: { scope: 'jobs:trigger' },
    resolve: (_root, { input }, { actor, runs }) => triggerRuns(actor, input, runs),
  }),
  cancelRun: t.field({
    type: Run,
    description: 'Cancels a run and everything it spawned; BAD_REQUEST when it has ended. Requires `runs:write`.',
    args: { id: t.arg.id({ required: true, description: 'The run.' }) },
    authScopes: { scope: 'runs:write' },
    resolve: async (_root, { id }, { actor, runs }) => {
      await cancelRun(actor, id, runs);
      return { id };
    },
  }),
  replayDeadLetter: t.field({
    type: Run,
    description:
      'Puts a dead-lettered run back into the queue as its own first attempt; CONFLICT for any other. Requires `runs:write`.',
    args: { id: t.arg.id({ required: true, description: 'The run.' }) },
    authScopes: { scope: 'runs:write' },
    resolve: async (_root, { id }, { actor, runs }) => {
      await replayDeadLetter(actor, id, runs);
      return { id };
    },
  }),
}));

function itemFields(t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) {
  const item = describedBy(TriggerItemInput);
  return {
    payload: t.field({ type: 'JSON', ...item.payload }),
    scheduledAt: t.field({ type: 'DateTime', ...item.scheduledAt }),
    priority: t.int(item.priority),
    idempotencyKey: t.string(item.idempotencyKey),
    tags: t.field({ type: 'StringMap', ...item.tags }),
    metadata: t.field({ type: 'StringMap', ...item.metadata }),
    ttlSecs: t.int(item.ttlSecs),
    concurrencyKey: t.string(item.concurrencyKey),
    timeoutSecs: t.int(item.timeoutSecs),
    maxAttempts: t.int(item.maxAttempts),
    retryBackoff: t.field({ type: RetryStrategyEnum, ...item.retryBackoff }),
    retryInitialDelaySecs: t.int(item.retryInitialDelaySecs),
    retryMaxDelaySecs: t.int(item.retryMaxDelaySecs),
    debounceKey: t.string(item.debounceKey),
    batchKey: t.string(item.batchKey),
  };
}
