import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** The most rows one page has. */
export const MAX_PAGE = 100;
/** What a page has when nobody says. */
const DEFAULT_PAGE = 50;

/** Which part of a list: `first` rows after a cursor, or `last` rows before one. */
export interface PageInput {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** The order of a list by creation: newest first, or oldest first. */
export type PageOrder = 'newest-first' | 'oldest-first';

/** One page of ids in the list's order, each with its cursor. */
export interface RunPage {
  readonly rows: readonly { readonly id: string; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/**
 * One page of the runs a filter means, by key: its cost does not grow with the position in the list. Throws BAD_REQUEST for a page that
 * cannot be (both directions, sizes outside 1–{@link MAX_PAGE}, a cursor that is none).
 */
export async function pageRuns(
  actor: Actor,
  input: { readonly filter: RunFilter; readonly page: PageInput; readonly order: PageOrder },
  deps: { readonly reads: Pool },
): Promise<RunPage> {
  requireScope(actor, 'runs:read');
  const { size, backwards, cursor } = parsePage(input.page);
  const condition = compileFilter(actor, input.filter);
  const values = [...condition.values];
  const descending = (input.order === 'newest-first') !== backwards;
  let where = condition.sql;
  if (cursor) {
    const n = values.push(cursor.us, cursor.id ?? (descending ? FIRST_ID : LAST_ID));
    const moment = `timestamptz 'epoch' + $${n - 1}::bigint * interval '1 microsecond'`;
    where += ` and (r.created_at, r.id) ${descending ? '<' : '>'} (${moment}, $${n}::uuid)`;
  }
  const direction = descending ? 'desc' : 'asc';
  const { rows } = await deps.reads.query<{ id: string; created_us: string }>(
    `select r.id, r.created_us from runs r where ${where}
      order by r.created_at ${direction}, r.id ${direction} limit ${size + 1}`,
    values,
  );
  const more = rows.length > size;
  const kept = rows.slice(0, size);
  if (backwards) kept.reverse();
  return {
    rows: kept.map((row) => ({ id: row.id, cursor: encodeCursor(row.created_us, row.id) })),
    hasNextPage: backwards ? cursor !== null : more,
    hasPreviousPage: backwards ? more : cursor !== null,
  };
}

interface Cursor {
  readonly us: string;
  /** Null for a moment alone, which stands for every run created at it. */
  readonly id: string | null;
}

function parsePage(page: PageInput): { size: number; backwards: boolean; cursor: Cursor | null } {
  const backwards = page.last != null;
  if (backwards && page.first != null) throw new AppError('BAD_REQUEST', 'give either first or last, not both');
  const foreign = backwards ? page.after : page.before;
  if (foreign != null) {
    throw new AppError('BAD_REQUEST', backwards ? 'last goes with before, not after' : 'first goes with after, not before');
  }
  const size = (backwards ? page.last : page.first) ?? DEFAULT_PAGE;
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) {
    throw new AppError('BAD_REQUEST', `a page has 1 to ${MAX_PAGE} rows`);
  }
  const text = backwards ? page.before : page.after;
  return { size, backwards, cursor: text == null ? null : decodeCursor(text) };
}

function encodeCursor(us: string, id: string): string {
  return Buffer.from(`${us} ${id}`).toString('base64url');
}

/** Before and after every other id: a list goes on behind all runs of the moment in its cursor, in whichever direction it goes. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i;

/** Reads a cursor of ours, or the documented one: the creation time of the last row, to the microsecond. */
function decodeCursor(text: string): Cursor {
  const time = RFC3339.exec(text);
  if (time) {
    const ms = Date.parse(`${time[1]}${time[3]?.toUpperCase()}`);
    if (Number.isFinite(ms))
      return { us: String(BigInt(ms) * 1_000n + BigInt((time[2] ?? '').padEnd(6, '0').slice(0, 6))), id: null };
  }
  const [us = '', id = ''] = Buffer.from(text, 'base64url').toString().split(' ');
  if (!/^\d{1,18}$/.test(us) || !isUuid(id)) {
    throw new AppError('BAD_REQUEST', 'cursor must be one that a page of this list returned, or an RFC3339 timestamp');
  }
  return { us, id };
}
