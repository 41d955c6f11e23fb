import type { GraphQLResolveInfo } from 'graphql';
import type { PageInput } from '../../src/domain/runs/page.ts';
import { type Connection, type ListKey, pageOf, sliceOf } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { rowSelection } from '../selection.ts';

/** Keys are any text, so a cursor is an encoding of one: a wrong cursor is told from an odd key. */
const BY_KEY: ListKey<'stateKey', string> = {
  field: 'stateKey',
  order: 'asc',
  read: (cursor) => {
    const key = Buffer.from(cursor, 'base64url').toString();
    return key !== '' && !key.includes('\0') && encode(key) === cursor ? key : null;
  },
  write: encode,
};

function encode(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** Which values of which state. */
interface StateList {
  readonly where: { readonly runId: string; readonly run?: { readonly projectId: string } };
  readonly page: PageInput;
}

/** A page of the values of a run's state, by key. */
export async function listState(
  { where, page }: StateList,
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<Connection<Awaited<ReturnType<GraphQLContext['prisma']['runState']['findMany']>>[number]>> {
  const slice = sliceOf(page, BY_KEY);
  const rows = await context.prisma.runState.findMany({ ...rowSelection(context, info), ...slice.within(where) });
  return pageOf(rows, slice);
}
