import { notFound } from '../../src/core/errors.ts';
import { isUuid } from '../../src/core/ids.ts';
import { cancelBatch } from '../../src/domain/batches/cancel-batch.ts';
import { resumeBatch } from '../../src/domain/batches/resume-batch.ts';
import { type TriggeredLive, TriggerLiveInput, triggerLive } from '../../src/domain/batches/trigger-live.ts';
import { resumeRun } from '../../src/domain/runs/managed.ts';
import { TriggerItemInput } from '../../src/domain/runs/trigger.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { Run } from '../runs/type.ts';
import { Batch } from './type.ts';

const described = describedBy(TriggerLiveInput);
const item = describedBy(TriggerItemInput);
const LiveItem = builder
  .inputType('TriggerLiveItemInput', {
    description: 'The one run of a live trigger.',
    fields: (t) => ({
      payload: t.field({ type: 'JSON', ...item.payload }),
      tags: t.field({ type: 'StringMap', ...item.tags }),
      metadata: t.field({ type: 'StringMap', ...item.metadata }),
      priority: t.int(item.priority),
    }),
  })
  .validate(leavingOutNulls(TriggerLiveInput.shape.item));
const TriggerLive = builder
  .inputType('TriggerLiveInput', {
    description: 'A run to trigger and to wait for.',
    fields: (t) => ({
      job: t.id({ required: true, ...described.job }),
      item: t.field({ type: LiveItem, required: true, ...described.item }),
      parameters: t.field({ type: 'JSONObject', ...described.parameters }),
      waitSecs: t.int(described.waitSecs),
    }),
  })
  .validate(leavingOutNulls(TriggerLiveInput));

const LiveResult = builder.objectRef<TriggeredLive>('TriggerLiveResult').implement({
  description: 'What came of a trigger that was waited for.',
  fields: (t) => ({
    hasEnded: t.exposeBoolean('hasEnded', { description: 'Whether the run has ended; otherwise it goes on.' }),
    batch: t.prismaField({
      type: Batch,
      description: 'The batch that it is the only run of.',
      resolve: (query, { batchId }, _args, { actor, prisma }) =>
        prisma.batch.findFirstOrThrow({ ...query, where: { id: batchId, projectId: actor.projectId } }),
    }),
    run: t.prismaField({
      type: Run,
      description: 'The run, with its result once it has completed: whoever has triggered it sees it.',
      resolve: (query, { runId }, _args, { actor, prisma }) =>
        prisma.run.findFirstOrThrow({ ...query, where: { id: runId, projectId: actor.projectId } }),
    }),
  }),
});

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: 'The batch.' });
  const runsWrite = { scope: 'runs:write' } as const;
  return {
    triggerLive: t.field({
      type: LiveResult,
      description:
        'Triggers one run as a batch of its own and waits for its end, 30 seconds unless told otherwise, 60 at most; then the run goes on, and the batch tells what becomes of it. Requires `jobs:trigger`.',
      args: { input: t.arg({ type: TriggerLive, required: true, description: 'What to trigger.' }) },
      authScopes: { scope: 'jobs:trigger' },
      resolve: (_root, { input }, { actor, runs }) => triggerLive(actor, input, runs),
    }),
    cancelBatch: t.field({
      type: Batch,
      description:
        'Cancels whatever of a batch has not ended, and sends no more callbacks; results stay. CONFLICT for one that has ended, or that is live. Requires `runs:write`.',
      args: { id },
      authScopes: runsWrite,
      resolve: async (_root, { id: batchId }, { actor, runs }) => {
        await cancelBatch(actor, batchId, runs);
        return { id: batchId };
      },
    }),
    resumeBatch: t.field({
      type: Batch,
      description:
        'Lets a stopped batch, or one whose runs are paused, go on where it left off. CONFLICT in any other status. Requires `runs:write`.',
      args: { id },
      authScopes: runsWrite,
      resolve: async (_root, { id: batchId }, { actor, runs }) => {
        await resumeBatch(actor, batchId, runs);
        return { id: batchId };
      },
    }),
    resumeRunOrBatch: t.field({
      type: RunOrBatch,
      description: 'Resumes what an id names, as `resumeRun` or `resumeBatch` does. Requires `runs:write`.',
      args: { id: t.arg.id({ required: true, description: 'A run or a batch.' }) },
      authScopes: runsWrite,
      resolve: async (_root, { id: named }, { actor, runs, prisma }) => {
        const where = { id: isUuid(named) ? named : NOBODY, projectId: actor.projectId };
        if ((await prisma.batch.count({ where })) > 0) {
          await resumeBatch(actor, named, runs);
          return { kind: 'Batch' as const, id: named };
        }
        await resumeRun(actor, named, runs);
        return { kind: 'Run' as const, id: named };
      },
    }),
  };
});

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What an id can name where both are looked for. */
export const RunOrBatch = builder.unionType('RunOrBatch', {
  description: 'A run, or a batch of them.',
  types: [Run, Batch],
  // Both resolvers say so beside the id.
  resolveType: (value) => (value as unknown as { readonly kind: 'Run' | 'Batch' }).kind,
});

builder.queryField('runOrBatch', (t) =>
  t.field({
    type: RunOrBatch,
    description: 'What an id names: a run or a batch; NOT_FOUND when it is neither. Requires `runs:read`.',
    args: { id: t.arg.id({ required: true, description: 'A run or a batch.' }) },
    authScopes: { scope: 'runs:read' },
    resolve: async (_root, { id }, { actor, prisma }) => {
      if (!isUuid(id)) throw notFound('run');
      const where = { id, projectId: actor.projectId };
      if ((await prisma.run.count({ where })) > 0) return { kind: 'Run' as const, id };
      if ((await prisma.batch.count({ where })) > 0) return { kind: 'Batch' as const, id };
      throw notFound('run');
    },
  }),
);
