import { AppError } from '../../src/core/errors.ts';
import { readItems, type StoredItem } from '../../src/domain/batches/page-items.ts';
import { MAX_OUTPUTS, pageOutputs } from '../../src/domain/batches/page-outputs.ts';
import { MAX_PAGE, type PageInput } from '../../src/domain/runs/page.ts';
import { builder } from '../builder.ts';
import { type Connection, connectionOf } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { RunConnection } from '../runs/list.ts';
import { Run } from '../runs/type.ts';
import { rowSelection } from '../selection.ts';
import { Batch } from './type.ts';

const runsRead = { scope: 'runs:read' } as const;

interface ItemWithRun extends StoredItem {
  /** Loaded with what the document asks of it. */
  readonly run: typeof Run.$inferType | null;
}

const BatchInput = builder.objectRef<ItemWithRun>('BatchInput').implement({
  description: 'An item of a batch that has been dealt with, and the run that answers for it.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Where it stands in the list, from 0.' }),
    run: t.expose('run', {
      type: Run,
      nullable: true,
      description: 'Its run; null for one that was refused, has none yet, or whose run is no longer kept.',
    }),
    runId: t.exposeID('runId', { nullable: true, description: 'The id of its run, kept or not; null when it has had none.' }),
    fireAt: t.expose('fireAt', { type: 'DateTime', nullable: true, description: 'When it becomes a run, being debounced.' }),
    buffered: t.exposeBoolean('buffered', { description: 'Whether it is gathered with others into one run.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why it was refused; null when it was not.' }),
  }),
});

builder.prismaObjectFields(Batch, (t) => ({
  inputs: t.connection(
    {
      type: BatchInput,
      description: 'Its items that have been dealt with, in the order of the list. Requires `runs:read`.',
      authScopes: runsRead,
      select: { id: true, stored: true },
      resolve: async ({ id, stored }, page, context, info) => {
        const { from, to } = placesOf(page, stored);
        const items = await readItems(context.actor, { batchId: id, stored }, { from, to }, context.runs);
        const runs = await runsOf(
          items.flatMap(({ runId }) => runId ?? []),
          context,
          rowSelection(context, info, ['edges', 'node', 'run']),
        );
        const edges = items.map((item) => ({
          cursor: String(item.index),
          node: { ...item, run: (item.runId && runs.get(item.runId)) || null },
        }));
        return connectionOf<ItemWithRun>(edges, { hasNextPage: to < stored, hasPreviousPage: from > 0 && items.length > 0 });
      },
    },
    { name: 'BatchInputConnection', description: 'A page of items of a batch.' },
    { name: 'BatchInputEdge', description: 'An item on a page.' },
  ),
  outputs: t.field({
    type: RunConnection,
    description: `Its runs that have completed, in the order of its items, to read their results. A page ends early when they are large. Requires \`runs:read\`.`,
    args: {
      first: t.arg.int({ description: `How many at most: 1 to ${MAX_OUTPUTS}, 100 when left out.` }),
      after: t.arg.string({ description: 'Only those after this cursor.' }),
    },
    authScopes: runsRead,
    complexity: ({ first }) => ({ field: 5, multiplier: Math.max(first ?? 100, 1) }),
    resolve: async ({ id }, { first, after }, context, info): Promise<Connection<{ readonly id: string }>> => {
      const page = await pageOutputs(context.actor, { batchId: id, first, after }, context.runs);
      const runs = await runsOf(
        page.rows.map((row) => row.id),
        context,
        rowSelection(context, info),
      );
      const edges = page.rows.flatMap((row) => {
        const node = runs.get(row.id);
        return node ? [{ cursor: row.cursor, node }] : [];
      });
      return connectionOf(edges, page);
    },
  }),
}));

async function runsOf(ids: readonly string[], { prisma, actor }: GraphQLContext, selection: object) {
  const rows = await prisma.run.findMany({ ...selection, where: { id: { in: [...ids] }, projectId: actor.projectId } });
  return new Map(rows.map((row) => [row.id, row]));
}

const PLACE = /^\d{1,9}$/;

/** The places that a page means: those after a cursor, or those before one. */
function placesOf({ first, after, last, before }: PageInput, stored: number): { readonly from: number; readonly to: number } {
  const backwards = last != null;
  if (backwards ? first != null || after != null : before != null) {
    throw new AppError('BAD_REQUEST', 'give first and after, or last and before');
  }
  const size = (backwards ? last : first) ?? 50;
  if (size < 1 || size > MAX_PAGE) throw new AppError('BAD_REQUEST', `a page has 1 to ${MAX_PAGE} rows`);
  const cursor = backwards ? before : after;
  if (cursor != null && !PLACE.test(cursor))
    throw new AppError('BAD_REQUEST', 'a cursor must be one that a page of this list returned');
  if (!backwards) {
    const from = cursor == null ? 0 : Number(cursor) + 1;
    return { from, to: from + size };
  }
  const to = cursor == null ? stored : Number(cursor);
  return { from: Math.max(0, to - size), to };
}
