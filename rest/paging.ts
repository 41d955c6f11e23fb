import { z } from 'zod';

/** The most rows that one page has; a larger `limit` gets this many. */
export const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;

/** A page of a connection, as far as a list needs it. */
export interface Page<Row> {
  readonly edges: readonly { readonly node: Row }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The rows of a page: what a list answers. */
export function rowsOf<Row>(page: Page<Row>): Row[] {
  return page.edges.map(({ node }) => node);
}

/** The cursor of the page that follows; null on the last one. */
export function nextOf(page: Page<unknown>): string | null {
  return page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
}

/** A schema of a number of rows in front of which its text is read; a number above `max` counts as that. */
function clamped<S extends z.ZodType<number | undefined>>(max: number, schema: S) {
  return z.preprocess((text, context) => {
    if (text === undefined) return text;
    const limit = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (limit < 1) context.issues.push({ code: 'custom', message: 'must be a positive integer', input: text });
    return Math.min(limit, max);
  }, schema);
}

/** How many rows to answer; parsed it is 1 to {@link MAX_PAGE}. */
export const limitParam = clamped(
  MAX_PAGE,
  z.int().min(1).default(DEFAULT_PAGE).describe(`How many to answer; a number above ${MAX_PAGE} counts as ${MAX_PAGE}.`),
);

/** As {@link limitParam}, where what it is when left out, and at most, depends on what is listed. */
export function optionalLimitParam(max: number) {
  return clamped(max, z.int().min(1).optional());
}

/** Where a list goes on whose cursors only its `Link` header knows. */
export const opaqueCursorParam = z
  .string()
  .min(1)
  .describe('Where to go on: comes ready-made in the `Link` header of the page before.');

/** Where a list of runs goes on: as the `Link` header says, or after the run that was created at this moment. */
export const createdAtCursorParam = z
  .string()
  .refine((cursor) => isDateTime(cursor) || OPAQUE_CURSOR.test(cursor), 'must be a valid RFC3339 timestamp')
  .describe('Where to go on: the `created_at` of the last run of the page before, or what its `Link` header has ready-made.');

/** Longer than any word that somebody might take for a cursor; what exactly is inside is the business of the list. */
const OPAQUE_CURSOR = /^[\w-]{48,128}$/;

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

function isDateTime(text: string): boolean {
  return RFC3339.test(text) && !Number.isNaN(Date.parse(text));
}
