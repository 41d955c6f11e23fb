import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import type { GraphQLContext } from './context.ts';

/**
 * The part of a Prisma query that loads what a document asks of the rows of a connection, or of whatever stands at `path`, to be spread
 * into `findMany`. Typed as if it chose nothing: the columns it leaves out are the ones that nobody asked for.
 */
export function rowSelection(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  path: readonly string[] = ['edges', 'node'],
): object {
  return queryFromInfo({ context, info, path: [...path] });
}
