import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BulkItem, BulkTriggered } from '../../src/domain/batches/trigger-batch.ts';
import type { DryRun as DryRunResult, Triggered } from '../../src/domain/runs/trigger.ts';
import { builder } from '../builder.ts';
import { Job, jobNode } from '../jobs/type.ts';
import { RunStatusEnum } from './enums.ts';
import { Run } from './type.ts';

/** What a trigger made of one item: a run, unless it made none. */
const TriggerOutcome = builder.interfaceRef<{ readonly run: Triggered | null }>('TriggerOutcome').implement({
  description:
    'The run that answers a trigger: a new one, or the live one that holds the idempotency key. All null when there is none.',
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
      description: 'The run token of its first claim; null on an idempotency hit.',
      resolve: ({ run }) => run?.runToken,
    }),
    idempotencyHit: t.boolean({
      nullable: true,
      description: 'Whether the run was there already, under the same idempotency key.',
      resolve: ({ run }) => run?.idempotencyHit,
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
  .objectRef<{ readonly run: Triggered | null; readonly dryRun: DryRunResult | null }>('TriggerResult')
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
    error: t.exposeString('error', { nullable: true, description: 'Why there is no run; null when there is one.' }),
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
