import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { RUN_STATUSES, type RunStatus } from '../../core/run-state.ts';
import { requireOwnProject } from '../projects/own-project.ts';
import { examine, isCountable } from './examined-runs.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** How far a status is counted, and how many runs are looked at for a filter that no index counts. */
const COUNTED = 100_000;
/** How many are looked at when asking each costs a look into another table. */
const ASKED = 25_000;

/** How many runs are in a status. */
export interface StatusCount {
  readonly status: RunStatus;
  readonly count: number;
}

/** How the runs of a filter stand. */
export interface RunStatusCounts {
  /** Every status that the filter allows, in the order of a run's life. */
  readonly counts: readonly StatusCount[];
  readonly total: number;
  /** There are more, which were not counted. */
  readonly isCapped: boolean;
}

/**
 * Counts the runs of a filter by status, at a cost that is bounded whatever is in the project: by status and time alone up to
 * {@link COUNTED} in each status; by anything else among the newest {@link COUNTED} runs that an index finds, {@link ASKED} when their
 * data is asked for. NOT_FOUND for a project of somebody else.
 */
export async function countRuns(
  actor: Actor,
  input: { readonly projectId?: string | null | undefined; readonly filter: RunFilter },
  deps: { readonly reads: Pool },
): Promise<RunStatusCounts> {
  requireScope(actor, 'runs:read');
  requireOwnProject(actor, input.projectId);
  const { filter } = input;
  const found = isCountable(filter) ? await countInIndex(actor, filter, deps.reads) : await countAmong(actor, filter, deps);
  const statuses = RUN_STATUSES.filter((status) => filter.status === undefined || filter.status.includes(status));
  const counts = statuses.map((status) => ({ status, count: found.counts.get(status) ?? 0 }));
  return { counts, total: counts.reduce((sum, { count }) => sum + count, 0), isCapped: found.isCapped };
}

interface Found {
  readonly counts: ReadonlyMap<RunStatus, number>;
  readonly isCapped: boolean;
}

async function countInIndex(actor: Actor, { status, ...times }: RunFilter, pool: Pool): Promise<Found> {
  const { sql, values } = compileFilter(actor, times);
  const { rows } = await pool.query<StatusCount>(
    `select s.status, (select count(*)::int from (select from runs r where ${sql} and r.status = s.status limit ${COUNTED + 1}) c) as count
       from unnest($${values.length + 1}::text[]) as s (status)`,
    [...values, status ?? RUN_STATUSES],
  );
  return {
    counts: new Map(rows.map((row) => [row.status, Math.min(row.count, COUNTED)])),
    isCapped: rows.some(({ count }) => count > COUNTED),
  };
}

async function countAmong(actor: Actor, filter: RunFilter, deps: { readonly reads: Pool }): Promise<Found> {
  const { among, meant, values, isDear } = await examine(actor, filter, deps);
  const limit = isDear ? ASKED : COUNTED;
  const { rows } = await deps.reads.query<StatusCount & { examined: number }>(
    `select r.status, (count(*) filter (where ${meant}))::int as count, count(*)::int as examined
       from (select r.* from runs r where ${among} order by r.created_at desc, r.id desc limit ${limit}) r group by r.status`,
    [...values],
  );
  return {
    counts: new Map(rows.map(({ status, count }) => [status, count])),
    isCapped: rows.reduce((sum, { examined }) => sum + examined, 0) >= limit,
  };
}
