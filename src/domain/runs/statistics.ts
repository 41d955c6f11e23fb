import type { Pool } from 'pg';
import { ACTIVE_STATUSES } from '../../core/run-state.ts';

/** Beyond this many the number itself no longer matters, and counting would. */
const COUNTED = 100_000;

/**
 * How many runs are in each status that is not final, all projects together, counted up to {@link COUNTED}: what `/metrics` says about
 * the depth of the queue. The cost is bounded whatever the database holds.
 */
export async function countActiveRuns(pool: Pool): Promise<{ status: string; count: number }[]> {
  const { rows } = await pool.query<{ status: string; count: number }>(
    `select s.status, (select count(*)::int from (
        select from projects p cross join lateral (
          select from runs r where r.project_id = p.id and r.status = s.status limit ${COUNTED}) x limit ${COUNTED}) c) as count
       from unnest($1::text[]) as s (status)`,
    [ACTIVE_STATUSES],
  );
  return rows;
}
