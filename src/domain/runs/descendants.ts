import type { Pool } from 'pg';
import type { RunStatus } from '../../core/run-state.ts';
import type { Condition } from './filter.ts';
import { FIRST, type Key } from './select-runs.ts';

/** Deeper descendants than spawning allows do not exist. */
const MAX_DEPTH = 20;
/** Children read at once. */
const PAGE = 1_000;

/** A run below one of those that were asked about. */
export interface Descendant {
  readonly id: string;
  readonly status: RunStatus;
  /** It meets the condition that was given. */
  readonly meant: boolean;
}

/** Whose descendants, and what to ask of each. */
export interface DescendantsOf {
  readonly parentIds: readonly string[];
  /** Over `runs r`; none of them meets a missing one. */
  readonly condition?: Condition;
}

/**
 * Everything that runs have spawned, whatever its status, a page of children at a time: a page comes before what is below it, and the
 * next page is read when the consumer asks for it, so that children spawned until then are on it. Memory is a page for each level.
 */
export async function* descendantPages(
  of: DescendantsOf,
  deps: { readonly reads: Pool },
  depth = 1,
): AsyncGenerator<readonly Descendant[]> {
  let after: ChildKey = { ...FIRST, parentId: FIRST.id };
  for (let size = PAGE; size === PAGE; ) {
    const page = await readChildren(of, after, deps.reads);
    size = page.length;
    after = page.at(-1) ?? after;
    if (size === 0) return;
    yield page;
    if (depth < MAX_DEPTH) yield* descendantPages({ ...of, parentIds: page.map(({ id }) => id) }, deps, depth + 1);
  }
}

interface ChildKey extends Key {
  readonly parentId: string;
}

async function readChildren(of: DescendantsOf, after: ChildKey, pool: Pool): Promise<(Descendant & ChildKey)[]> {
  const { sql, values } = of.condition ?? { sql: 'false', values: [] };
  const n = values.length;
  const { rows } = await pool.query<Descendant & ChildKey>(
    `select r.id, r.status, ${sql} as meant, r.created_at::text as at, r.parent_run_id as "parentId"
       from runs r
      where r.parent_run_id = any ($${n + 1}::uuid[])
        and (r.parent_run_id, r.created_at, r.id) > ($${n + 2}::uuid, $${n + 3}::timestamptz, $${n + 4}::uuid)
      order by r.parent_run_id, r.created_at, r.id limit ${PAGE}`,
    [...values, of.parentIds, after.parentId, after.at, after.id],
  );
  return rows;
}
