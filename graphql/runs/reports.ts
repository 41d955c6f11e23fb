import { costOf } from '../../src/domain/runs/cost.ts';
import { lineageOf } from '../../src/domain/runs/lineage.ts';
import type { PageInput } from '../../src/domain/runs/page.ts';
import { builder } from '../builder.ts';
import { type ListKey, pageOf, sliceOf } from '../connection.ts';
import { rowSelection } from '../selection.ts';
import { RunCheckpoint, RunCost, RunState, RunStateConnection, RunToolCall, RunUsage } from './report-types.ts';
import { listState } from './state-list.ts';
import { Run } from './type.ts';

// What executors have reported, behind a scope of its own for the same reason as everything else that leads away from a run.
const runsRead = { scope: 'runs:read' } as const;

const NUMBER = /^\d{1,9}$/;

/** By the number of the event, as the story tells it. */
const BY_SEQ: ListKey<'seq', number> = {
  field: 'seq',
  order: 'asc',
  read: (cursor) => (NUMBER.test(cursor) ? Number(cursor) : null),
};

const NEWEST_CHECKPOINT_FIRST: ListKey<'sequence', number> = {
  field: 'sequence',
  order: 'desc',
  read: (cursor) => (NUMBER.test(cursor) ? Number(cursor) : null),
};

builder.prismaObjectFields(Run, (t) => ({
  checkpoints: t.connection(
    {
      type: RunCheckpoint,
      description: 'Where it can go on after its attempt has ended, the newest first. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, NEWEST_CHECKPOINT_FIRST);
        const rows = await context.prisma.runCheckpoint.findMany({
          ...rowSelection(context, info),
          ...slice.within({ runId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'RunCheckpointConnection', description: 'A page of checkpoints.' },
    { name: 'RunCheckpointEdge', description: 'A checkpoint on a page.' },
  ),
  usage: t.connection(
    {
      type: RunUsage,
      description: 'The calls of language models it has reported, oldest first. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, BY_SEQ);
        const rows = await context.prisma.runUsage.findMany({
          ...rowSelection(context, info),
          ...slice.within({ runId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'RunUsageConnection', description: 'A page of calls of language models.' },
    { name: 'RunUsageEdge', description: 'A call on a page.' },
  ),
  toolCalls: t.connection(
    {
      type: RunToolCall,
      description: 'The calls of tools it has reported, oldest first. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, BY_SEQ);
        const rows = await context.prisma.runToolCall.findMany({
          ...rowSelection(context, info),
          ...slice.within({ runId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'RunToolCallConnection', description: 'A page of calls of tools.' },
    { name: 'RunToolCallEdge', description: 'A call on a page.' },
  ),
  state: t.connection(
    {
      type: RunState,
      description: 'What it keeps from one attempt to the next, by key. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: ({ id }, page: PageInput, context, info) => listState({ where: { runId: id }, page }, context, info),
    },
    RunStateConnection,
  ),
  lineage: t.field({
    type: [Run],
    description:
      'The runs it belongs with because one continues the other, from the first of them on; it is among them. At most 200. Requires `runs:read`.',
    authScopes: runsRead,
    resolve: async ({ id }, _args, context, info) => {
      const { actor, prisma, runs } = context;
      const ids = await lineageOf(actor, id, runs);
      const rows = await prisma.run.findMany({
        ...rowSelection(context, info, []),
        where: { id: { in: ids }, projectId: actor.projectId },
      });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.flatMap((one) => byId.get(one) ?? []);
    },
  }),
  cost: t.field({
    type: RunCost,
    description: 'What it has cost, together with the runs that it spawned and that continue it. Requires `runs:read`.',
    authScopes: runsRead,
    complexity: 20,
    resolve: ({ id }, _args, { actor, runs }) => costOf(actor, id, runs),
  }),
}));
