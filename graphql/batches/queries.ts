import { notFound } from '../../src/core/errors.ts';
import { followBatch } from '../../src/domain/batches/follow-batch.ts';
import { BatchFilterInput, visibleBatch, visibleBatches } from '../../src/domain/batches/visible-batches.ts';
import { builder } from '../builder.ts';
import { type ListKey, NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { RunStatusEnum } from '../runs/enums.ts';
import { listRuns, RunConnection } from '../runs/list.ts';
import { Run } from '../runs/type.ts';
import { rowSelection } from '../selection.ts';
import { Batch, BatchItem } from './type.ts';

const runsRead = { scope: 'runs:read' } as const;

const described = describedBy(BatchFilterInput);
const BatchFilter = builder
  .inputType('BatchFilter', {
    description: 'Which batches are meant; all conditions must hold, and one left out holds for every batch.',
    fields: (t) => ({ job: t.id(described.job), key: t.string(described.key) }),
  })
  .validate(leavingOutNulls(BatchFilterInput));

/** Items are numbered within their batch, so their cursors are the numbers. */
const BY_PLACE: ListKey<'ord', number> = {
  field: 'ord',
  order: 'asc',
  read: (cursor) => (/^\d{1,9}$/.test(cursor) ? Number(cursor) : null),
};

builder.queryFields((t) => ({
  batch: t.prismaField({
    type: Batch,
    description: 'One batch; NOT_FOUND when there is none. Requires `runs:read`.',
    args: { id: t.arg.id({ required: true, description: 'The batch.' }) },
    authScopes: runsRead,
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const batch = await prisma.batch.findFirst({ ...query, where: visibleBatch(actor, id) });
      if (!batch) throw notFound('batch');
      return batch;
    },
  }),
  batches: t.connection(
    {
      type: Batch,
      description: 'The batches of the project, newest first. Requires `runs:read`.',
      args: { filter: t.arg({ type: BatchFilter, description: 'Which batches; all of them when left out.' }) },
      authScopes: runsRead,
      resolve: async (_root, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.batch.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleBatches(context.actor, filter ?? {})),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'BatchConnection', description: 'A page of batches.' },
    { name: 'BatchEdge', description: 'A batch on a page.' },
  ),
}));

builder.prismaObjectFields(Batch, (t) => ({
  runs: t.connection(
    {
      type: Run,
      description: 'The runs it made, oldest first. Requires `runs:read`.',
      args: { status: t.arg({ type: [RunStatusEnum], description: 'Only runs in any of these statuses.' }) },
      authScopes: runsRead,
      resolve: ({ id }, { status, ...page }, context, info) =>
        listRuns({ filter: { batchId: id, ...(status && { status }) }, page, order: 'oldest-first' }, context, info),
    },
    RunConnection,
  ),
  failures: t.connection(
    {
      type: BatchItem,
      description: 'Its items that were refused, in the order of the list, with the reasons. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, BY_PLACE);
        const rows = await context.prisma.batchItem.findMany({
          ...rowSelection(context, info),
          ...slice.within({ batchId: id, error: { not: null } }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'BatchFailureConnection', description: 'A page of refused items.' },
    { name: 'BatchFailureEdge', description: 'A refused item on a page.' },
  ),
}));

/** The cursor of a batch that will not change any more. Before that any will do: a client that comes back is told how it stands. */
const FINISHED = 'finished';

builder.subscriptionField('batchChanged', (t) =>
  t.field({
    type: Batch,
    description:
      'Follows a batch: as it stands now, then whenever that has changed, at most once a second; it completes when everything is stored and every run has ended. Requires `runs:read`.',
    args: { batchId: t.arg.id({ required: true, description: 'The batch to follow.' }) },
    authScopes: runsRead,
    subscribe(_root, { batchId }, { actor, runs, delivery }) {
      if (delivery.lastEventId === FINISHED) delivery.concludes();
      return followBatch(actor, { batchId }, runs);
    },
    resolve({ batchId, isFinished }, _args, { delivery }) {
      delivery.deliver({ cursor: isFinished ? FINISHED : new Date().toISOString(), since: null });
      return { id: batchId };
    },
  }),
);
