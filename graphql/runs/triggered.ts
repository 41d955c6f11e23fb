import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BulkItem, BulkTriggered } from '../../src/domain/batches/trigger-batch.ts';
import type { DryRun as DryRunResult } from '../../src/domain/runs/trigger.ts';
import type { TriggerAnswer } from '../../src/domain/runs/trigger-answer.ts';
import { Batch } from '../batches/type.ts';
import { builder } from '../builder.ts';
import { Job, jobNode } from '../jobs/type.ts';
import { RunStatusEnum } from './enums.ts';
import { Run } from './type.ts';

/** What a trigger made of one item: a run or the promise of one, unless it made none. */
const TriggerOutcome = builder.interfaceRef<TriggerAnswer>('TriggerOutcome').implement({
  description:
    'The run that answers a trigger: a new one, the live one that holds the idempotency key, or that of an equal payload. All null when there is none, or none yet.',
  fields: (t) => ({
    id: t.id({ nullable: true, description: 'The run.', resolve: ({ run }) => run?.id }),
    status: t.field({
      type: RunStatusEnum,
      nullable: true,
      description: 'Its status when it was triggered.',
      resolve: ({ run }) => run?.status,
    }),
    payloadHash: t.string({ nullable: true, description: 'SHA-256 of its payload.', resolve: ({ run }) => run?.payloadHash }),
    runToken: t.string({
      nullable: true,
      description: 'The run token of its first claim; null for a run that was there already.',
      resolve: ({ run }) => run?.runToken,
    }),
    idempotencyHit: t.boolean({
      nullable: true,
      description: 'Whether the run was there already, under the same idempotency key.',
      resolve: ({ run }) => run?.idempotencyHit,
    }),
    deduplicated: t.boolean({
      nullable: true,
      description: 'Whether the run was triggered a moment ago with an equal payload, within the window of its job.',
      resolve: ({ run }) => run?.deduplicated,
    }),
    batch: t.boolean({
      nullable: true,
      description: 'Whether the run is that of a batch which this trigger completed.',
      resolve: ({ run }) => run?.batch,
    }),
    debounced: t.boolean({
      description:
        'Whether the trigger was taken on and becomes a run at `fireAt`, unless another one with its key comes before.',
      resolve: ({ debouncedUntil }) => debouncedUntil !== null,
    }),
    fireAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When a debounced trigger becomes a run; null for any other.',
      resolve: ({ debouncedUntil }) => debouncedUntil,
    }),
    buffered: t.boolean({
      description: 'Whether the trigger was taken on and waits for its batch to be complete.',
      resolve: ({ buffered }) => buffered,
    }),
    run: t.field({
      type: Run,
      nullable: true,
      description: 'The run as it is now. Requires `runs:read`.',
      authScopes: { scope: 'runs:read' },
      resolve: ({ run }) => run,
    }),
  }),
});

const DryRun = builder.objectRef<DryRunResult>('DryRun').implement({
  description: 'What a trigger would have done.',
  fields: (t) => ({
    job: t.field({ type: Job, description: 'The job it would run.', resolve: ({ job }) => jobNode(job) }),
    payload: t.expose('payload', { type: 'JSON', nullable: true, description: 'The input of the run.' }),
    payloadHash: t.exposeString('payloadHash', { description: 'SHA-256 of the payload.' }),
    scheduledAt: t.expose('scheduledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it would start; null is at once.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it would expire unless started; null is never.',
    }),
  }),
});

/** The answer to a single trigger: a run, or for a dry run what would have been. */
export const TriggerResult = builder
  .objectRef<TriggerAnswer & { readonly dryRun: DryRunResult | null }>('TriggerResult')
  .implement({
    description: 'What came of a trigger: a run, or, when it was a dry run, what would have been one.',
    interfaces: [TriggerOutcome],
    fields: (t) => ({
      dryRun: t.expose('dryRun', {
        type: DryRun,
        nullable: true,
        description: 'Set for a dry run, when everything else is null.',
      }),
    }),
  });

const BulkTriggerItem = builder.objectRef<BulkItem>('BulkTriggerItem').implement({
  description: 'What came of one item of a bulk trigger.',
  interfaces: [TriggerOutcome],
  fields: (t) => ({
    error: t.exposeString('error', { nullable: true, description: 'Why the item was refused; null when it was not.' }),
  }),
});

/** The answer to a bulk trigger. */
export const BulkTriggerResult = builder.objectRef<BulkTriggered>('BulkTriggerResult').implement({
  description: 'What came of a bulk trigger.',
  fields: (t) => ({
    batchId: t.exposeID('batchId', { description: 'The batch that its new runs belong to.' }),
    items: t.field({
      type: [BulkTriggerItem],
      description: 'One for each item, in the order given.',
      resolve: ({ items }) => inTurns(items),
    }),
    batch: t.field({
      type: Batch,
      description: 'The batch.',
      resolve: ({ batchId }) => ({ id: batchId }),
    }),
    total: t.exposeInt('total', { description: 'How many items there were.' }),
    created: t.exposeInt('created', { description: 'How many new runs they made, in earlier tries under the same key too.' }),
  }),
});

/** Rows that are completed in one turn of the event loop. */
const TURN = 500;

/**
 * A long list whose rows become known a part at a time, so that other requests are answered in between; a short one is left as it is.
 * Promises, since the executor takes no other list that is not there at once.
 */
function inTurns<T>(items: readonly T[]): readonly (T | Promise<T>)[] {
  let turn = Promise.resolve();
  return items.map((item, index) => {
    if (index < TURN) return item;
    if (index % TURN === 0) turn = turn.then(() => nextTurn());
    return turn.then(() => item);
  });
}
