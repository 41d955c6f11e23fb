import {
  BatchSearchInput,
  BatchSortInput,
  MAX_BATCH_ROWS,
  MAX_SORTS,
  searchBatches,
} from '../../src/domain/batches/list-batches.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { BatchModeEnum, BatchSortFieldEnum, BatchStatusEnum } from './enums.ts';
import { Batch } from './type.ts';

const searched = describedBy(BatchSearchInput);
const BatchSearch = builder
  .inputType('BatchSearchInput', {
    description: 'Which batches are meant; all conditions must hold, each for any of its values.',
    fields: (t) => ({
      status: t.field({ type: [BatchStatusEnum], ...searched.status }),
      jobs: t.idList(searched.jobs),
      modes: t.field({ type: [BatchModeEnum], ...searched.modes }),
      ids: t.idList(searched.ids),
      createdBy: t.stringList(searched.createdBy),
      scheduleIds: t.idList(searched.scheduleIds),
    }),
  })
  .validate(leavingOutNulls(BatchSearchInput));

const sorted = describedBy(BatchSortInput);
const BatchSort = builder
  .inputType('BatchSortInput', {
    description: 'What batches are sorted by, and in which direction.',
    fields: (t) => ({
      field: t.field({ type: BatchSortFieldEnum, required: true, ...sorted.field }),
      descending: t.boolean(sorted.descending),
    }),
  })
  .validate(leavingOutNulls(BatchSortInput));

builder.queryField('searchBatches', (t) =>
  t.field({
    type: [Batch],
    description:
      'Batches by their place in a sorted list, the newest first unless told otherwise; `batches` is cheaper and does not shift. Requires `runs:read`.',
    args: {
      filter: t.arg({ type: BatchSearch, description: 'Which ones; all of them when left out.' }),
      sort: t.arg({ type: [BatchSort], description: `What to sort by, one thing after the other, at most ${MAX_SORTS}.` }),
      limit: t.arg.int({ description: `How many, at most ${MAX_BATCH_ROWS}; 10 when left out.` }),
      offset: t.arg.int({ description: 'How many to pass over; the cost grows with them.' }),
    },
    complexity: { field: 5, multiplier: MAX_BATCH_ROWS },
    authScopes: { scope: 'runs:read' },
    resolve: async (_root, { filter, sort, limit, offset }, context, info) => {
      const ids = await searchBatches(context.actor, { filter: filter ?? {}, sort: sort ?? [], limit, offset }, context.runs);
      const rows = await context.prisma.batch.findMany({
        ...rowSelection(context, info, []),
        where: { id: { in: ids }, projectId: context.actor.projectId },
      });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.flatMap((id) => byId.get(id) ?? []);
    },
  }),
);
