import type { Pool } from 'pg';
import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** Runs read at once: what an operation over many runs holds in memory, and how far others wait behind it at most. */
const PAGE = 1_000;

/** Which runs an operation is about: those that a filter means, as far as they are in one of the statuses it can be done to. */
export interface RunSelection {
  readonly filter: RunFilter;
  readonly statuses: readonly RunStatus[];
  /** Only runs that nobody has started. */
  readonly isUnstarted?: boolean;
  /** The most runs to select; all of them when left out. */
  readonly limit?: number | undefined;
  /** The `endCursor` of an earlier selection, to go on behind it. */
  readonly after?: string | undefined;
}

/** Some of the selected runs. */
export interface SelectedPage {
  readonly ids: readonly string[];
  /** To go on behind these; null when there are no more. */
  readonly endCursor: string | null;
}

/** The statuses in which a filter looks for runs, out of those that an operation can be done to. */
export function selectedStatuses({ filter, statuses }: Pick<RunSelection, 'filter' | 'statuses'>): readonly RunStatus[] {
  const { status: asked } = filter;
  return asked ? statuses.filter((status) => asked.includes(status)) : statuses;
}

/**
 * The ids of selected runs, oldest first, a page at a time and by key: memory and the cost of a page do not grow with their number.
 * Each run is met at most once, and none that was created after the first page was asked for, so that an operation that makes new runs
 * never meets its own, not even when it is done a part at a time. BAD_REQUEST for an `after` that no selection has answered.
 */
export async function* selectRuns(
  actor: Actor,
  selection: RunSelection,
  deps: { readonly reads: Pool },
): AsyncGenerator<SelectedPage> {
  const statuses = selectedStatuses(selection);
  if (statuses.length === 0) return;
  const { status: _, ...conditions } = selection.filter;
  const condition = compileFilter(actor, conditions);
  const sql = selection.isUnstarted ? `${condition.sql} and r.epoch = 0` : condition.sql;
  let place =
    selection.after === undefined
      ? { startedUs: await readNowUs(deps.reads), us: '0', id: FIRST.id }
      : readCursor(selection.after);
  let left = selection.limit ?? Number.POSITIVE_INFINITY;
  while (left > 0) {
    const limit = Math.min(PAGE, left);
    const values = [...condition.values, place.startedUs, place.us, place.id];
    const text = pageSql({ sql, statuses, firstKey: condition.values.length + 1, limit });
    const { rows } = await deps.reads.query<{ id: string; us: string }>(text, values);
    place = { ...place, ...rows.at(-1) };
    left -= rows.length;
    const isLast = rows.length < limit;
    if (rows.length > 0) yield { ids: rows.map(({ id }) => id), endCursor: isLast ? null : writeCursor(place) };
    if (isLast) return;
  }
}

/** How far a selection has come: the moment it began, and its last run by creation, in microseconds since 1970 as text. */
const Place = z.strictObject({ startedUs: z.string().regex(/^\d{1,16}$/), us: z.string().regex(/^\d{1,16}$/), id: z.uuid() });

function writeCursor(place: z.output<typeof Place>): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function readCursor(cursor: string): z.output<typeof Place> {
  const parsed = Place.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (parsed.success) return parsed.data;
  throw new AppError('BAD_REQUEST', 'after must be an endCursor that an operation over many runs has answered');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The place of a run in the order of creation; the time is text, since a Date would cut the microseconds. */
export interface Key {
  readonly at: string;
  readonly id: string;
}

/** Before every run. */
export const FIRST: Key = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

/** The database's time, to the microsecond. */
export async function readNow(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ now: string }>('select now()::text as now');
  const [row] = rows;
  if (!row) throw new Error('the database told no time');
  return row.now;
}

async function readNowUs(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ us: string }>('select (extract(epoch from now()) * 1000000)::bigint::text as us');
  const [row] = rows;
  if (!row) throw new Error('the database told no time');
  return row.us;
}

/**
 * One page over several statuses. The index of runs by status is in the order of creation for one status alone, so each has a branch of
 * its own; all branches see one snapshot, so a run that changes its status meanwhile is not missed between two of them.
 */
function pageSql(page: {
  readonly sql: string;
  readonly statuses: readonly RunStatus[];
  readonly firstKey: number;
  readonly limit: number;
}): string {
  const n = page.firstKey;
  const moment = (parameter: number) => `timestamptz 'epoch' + $${parameter}::bigint * interval '1 microsecond'`;
  const branches = page.statuses.map(
    (status) => `(select r.id, r.created_at, r.created_us from runs r
       where ${page.sql} and r.status = '${status}' and r.created_at < ${moment(n)}
         and (r.created_at, r.id) > (${moment(n + 1)}, $${n + 2}::uuid)
       order by r.created_at, r.id limit ${page.limit})`,
  );
  return `select u.id, u.created_us::text as us from (${branches.join(' union all ')}) u order by u.created_at, u.id limit ${page.limit}`;
}
