import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** Runs read at once: what an operation over many runs holds in memory, and how far others wait behind it at most. */
const PAGE = 1_000;

/** Which runs an operation is about: those that a filter means, as far as they are in one of the statuses it can be done to. */
export interface RunSelection {
  readonly filter: RunFilter;
  readonly statuses: readonly RunStatus[];
  /** The most runs to select; all of them when left out. */
  readonly limit?: number | undefined;
}

/** The statuses in which a filter looks for runs, out of those that an operation can be done to. */
export function selectedStatuses({ filter, statuses }: Pick<RunSelection, 'filter' | 'statuses'>): readonly RunStatus[] {
  const { status: asked } = filter;
  return asked ? statuses.filter((status) => asked.includes(status)) : statuses;
}

/**
 * The ids of selected runs, oldest first, a page at a time and by key: memory and the cost of a page do not grow with their number.
 * Each run is met at most once, and none that was created after the first page was asked for, so that an operation that makes new runs
 * never meets its own.
 */
export async function* selectRuns(
  actor: Actor,
  selection: RunSelection,
  deps: { readonly reads: Pool },
): AsyncGenerator<readonly string[]> {
  const statuses = selectedStatuses(selection);
  if (statuses.length === 0) return;
  const { status: _, ...conditions } = selection.filter;
  const condition = compileFilter(actor, conditions);
  const startedAt = await readNow(deps.reads);
  let left = selection.limit ?? Number.POSITIVE_INFINITY;
  let after: Key = FIRST;
  while (left > 0) {
    const limit = Math.min(PAGE, left);
    const values = [...condition.values, startedAt, after.at, after.id];
    const text = pageSql({ sql: condition.sql, statuses, firstKey: condition.values.length + 1, limit });
    const { rows } = await deps.reads.query<Key>(text, values);
    if (rows.length > 0) yield rows.map(({ id }) => id);
    after = rows.at(-1) ?? after;
    left -= rows.length;
    if (rows.length < limit) return;
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
  const branches = page.statuses.map(
    (status) => `(select r.id, r.created_at from runs r
       where ${page.sql} and r.status = '${status}' and r.created_at < $${n}::timestamptz
         and (r.created_at, r.id) > ($${n + 1}::timestamptz, $${n + 2}::uuid)
       order by r.created_at, r.id limit ${page.limit})`,
  );
  return `select u.id, u.created_at::text as at from (${branches.join(' union all ')}) u order by u.created_at, u.id limit ${page.limit}`;
}
