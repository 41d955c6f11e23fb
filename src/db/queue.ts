import type { Pool } from 'pg';

/** The graphile-worker task that is the doorbell. */
export const DISPATCH_TASK = 'dispatch';

/**
 * Rings the doorbell: some dispatcher with a free slot will look for due runs. A ring carries no run; `max_attempts` 1, because a ring
 * that failed is repeated by the next one, and no `job_key`, because graphile-worker can lose a keyed request.
 */
export async function ring(pool: Pool): Promise<void> {
  await pool.query({ name: 'ring', text: `select graphile_worker.add_job('${DISPATCH_TASK}', max_attempts := 1)` });
}

/** Rings nobody has taken yet. */
export async function pendingRings(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'pending-rings',
    text: `select id from graphile_worker.jobs where task_identifier = '${DISPATCH_TASK}' and locked_at is null`,
  });
  return rows.map((row) => row.id);
}

/**
 * Takes rings off the list unanswered. Only for rings that were seen before a claim found nothing due: what they rang for was committed
 * with them, so that claim would have met it.
 */
export async function dropRings(pool: Pool, ids: readonly string[]): Promise<void> {
  await pool.query({
    name: 'drop-rings',
    text: 'select count(*) from graphile_worker.complete_jobs($1::bigint[])',
    values: [ids],
  });
}

/** True when a ring has been waiting unanswered for longer than `ms`: every runner is busy, or one has stopped fetching. */
export async function hasStaleRing(pool: Pool, ms: number): Promise<boolean> {
  const { rows } = await pool.query<{ stale: boolean }>({
    name: 'stale-ring',
    text: `select exists (select from graphile_worker.jobs
                           where task_identifier = '${DISPATCH_TASK}' and locked_at is null
                             and run_at < now() - $1::bigint * interval '1 millisecond') as stale`,
    values: [ms],
  });
  return rows[0]?.stale ?? false;
}
