import type { GraphQLResolveInfo } from 'graphql';
import { type Ask, makeGatherer } from '../src/core/gather.ts';
import type { GraphQLContext } from './context.ts';

/** A row as a connection needs it; what else a document asks for is loaded with it. */
interface Row {
  readonly id: string;
}

/** How the first rows that belong to each of many parents are found: all their ids at once, then all their rows at once. */
interface FirstOfMany<Found extends Row> {
  /** For each parent the ids of its first rows, in the order of the list. */
  readonly idsOf: (parentIds: readonly string[]) => Promise<ReadonlyMap<string, readonly string[]>>;
  readonly rowsOf: (ids: readonly string[]) => Promise<readonly Found[]>;
}

const asks = new WeakMap<GraphQLContext, Map<string, Ask<string, readonly Row[]>>>();

/**
 * Reads the first rows of a connection below each row of a list: two looks for all of the list instead of one for each of its rows. Those
 * that stand at the same place of a document share their arguments and what is asked of their rows, so the first of them speaks for all.
 */
export function firstOfMany<Found extends Row>(
  parentId: string,
  { idsOf, rowsOf }: FirstOfMany<Found>,
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<readonly Found[]> {
  const ofRequest = asks.get(context) ?? new Map<string, Ask<string, readonly Row[]>>();
  asks.set(context, ofRequest);
  const place = placeOf(info.path);
  const ask =
    ofRequest.get(place) ??
    makeGatherer<string, readonly Row[]>(async (parentIds) => {
      const ids = await idsOf(parentIds);
      const all = [...ids.values()].flat();
      const rows = new Map((all.length === 0 ? [] : await rowsOf(all)).map((row) => [row.id, row]));
      return parentIds.map((id) => (ids.get(id) ?? []).flatMap((rowId) => rows.get(rowId) ?? []));
    });
  ofRequest.set(place, ask);
  // Rows of one kind stand at one place.
  return ask(parentId) as Promise<readonly Found[]>;
}

/** Where a field stands in a document, whatever the row of a list. */
function placeOf(path: GraphQLResolveInfo['path'] | undefined): string {
  if (path === undefined) return '';
  return typeof path.key === 'number' ? placeOf(path.prev) : `${placeOf(path.prev)}.${path.key}`;
}
