import { AppError } from '../src/core/errors.ts';
import { isUuid } from '../src/core/ids.ts';
import { MAX_PAGE, type PageInput } from '../src/domain/runs/page.ts';

/** Rows on a page when nobody says. */
export const DEFAULT_PAGE = 50;

/** A field that orders a list: no two rows of it share a value. */
export interface ListKey<Field extends string, Value extends string | number> {
  readonly field: Field;
  readonly order: 'asc' | 'desc';
  /** The value in a cursor; null for what cannot be one. */
  readonly read: (cursor: string) => Value | null;
  /** The cursor of a value; the value itself when left out. */
  write?(value: Value): string;
}

/** Newest first: ids are UUIDv7, which sort by the time they were made. */
export const NEWEST_FIRST: ListKey<'id', string> = {
  field: 'id',
  order: 'desc',
  read: (cursor) => (isUuid(cursor) ? cursor : null),
};

/** Oldest first, by UUIDv7. */
export const OLDEST_FIRST: ListKey<'id', string> = { ...NEWEST_FIRST, order: 'asc' };

/** A page as it is asked for. */
export interface Slice<Field extends string, Value extends string | number> {
  /** The parts of a Prisma query that cut the page out of the rows that `where` means. */
  within<Where extends object>(where: Where): SliceQuery<Field, Value, Where>;
  readonly field: Field;
  /** The cursor of a value of the field. */
  write(value: Value): string;
  readonly size: number;
  readonly backwards: boolean;
  readonly hasCursor: boolean;
}

interface SliceQuery<Field extends string, Value extends string | number, Where> {
  readonly where: { readonly AND: [Where, { readonly [F in Field]?: { readonly lt: Value } | { readonly gt: Value } }] };
  readonly orderBy: { readonly [F in Field]: 'asc' | 'desc' };
  /** One row more than the page has: whether it exists is whether the list goes on. */
  readonly take: number;
}

/**
 * Reads the arguments of a connection. The cost of a page does not grow with its place in the list. BAD_REQUEST for both directions at
 * once, a size outside 1 to 100, or a cursor that is none.
 */
export function sliceOf<Field extends string, Value extends string | number>(
  { first, after, last, before }: PageInput,
  key: ListKey<Field, Value>,
): Slice<Field, Value> {
  const backwards = last != null;
  if (backwards ? first != null || after != null : before != null) {
    throw new AppError('BAD_REQUEST', 'give first and after, or last and before');
  }
  const size = (backwards ? last : first) ?? DEFAULT_PAGE;
  if (size < 1 || size > MAX_PAGE) throw new AppError('BAD_REQUEST', `a page has 1 to ${MAX_PAGE} rows`);
  const cursor = backwards ? before : after;
  const value = cursor == null ? null : key.read(cursor);
  if (cursor != null && value === null)
    throw new AppError('BAD_REQUEST', 'a cursor must be one that a page of this list returned');
  const order = backwards === (key.order === 'asc') ? 'desc' : 'asc';
  const beyond = value === null ? {} : { [key.field]: order === 'asc' ? { gt: value } : { lt: value } };
  return {
    // Both objects have no key but the one that their types name.
    within: <Where extends object>(where: Where) =>
      ({ where: { AND: [where, beyond] }, orderBy: { [key.field]: order }, take: size + 1 }) as SliceQuery<Field, Value, Where>,
    field: key.field,
    write: key.write ?? String,
    size,
    backwards,
    hasCursor: value !== null,
  };
}

/** A page in the shape of a connection. */
export interface Connection<Row> {
  readonly edges: { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Makes the page from the rows that the query with its slice returned. */
export function pageOf<Field extends string, Row extends { readonly [F in Field]: string | number }>(
  rows: readonly Row[],
  { field, write, size, backwards, hasCursor }: Omit<Slice<Field, string | number>, 'within'>,
): Connection<Row> {
  const hasMore = rows.length > size;
  const kept = rows.slice(0, size);
  if (backwards) kept.reverse();
  return connectionOf(
    kept.map((node) => ({ cursor: write(node[field]), node })),
    { hasNextPage: backwards ? hasCursor : hasMore, hasPreviousPage: backwards ? hasMore : hasCursor },
  );
}

/** Makes a connection from edges and what lies around them. */
export function connectionOf<Row>(
  edges: Connection<Row>['edges'],
  around: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean },
): Connection<Row> {
  return { edges, pageInfo: { ...around, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null } };
}
