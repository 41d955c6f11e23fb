import type { Pool } from 'pg';

/** Days that the costs of a day are kept. */
const COSTS_KEPT_DAYS = 90;

/**
 * Deletes up to `limit` rows of each kind that count for nothing any more: windows of rate limits that have ended, payloads that no
 * trigger is compared with, costs of long ago. Needs no lock: a trigger takes all of them for absent. Answers how many of the kind
 * that had most.
 */
export async function dropSpentCounters(limit: number, { engine }: { readonly engine: Pool }): Promise<number> {
  const { rows } = await engine.query<{ most: number }>({ name: 'drop-spent-counters', text: DROP_SQL, values: [limit] });
  return rows[0]?.most ?? 0;
}

const DROP_SQL = `
with rates as (
  delete from trigger_rates where job_id in (
    select job_id from trigger_rates where ends_at <= now() order by ends_at limit $1 for update skip locked) returning 1
), payloads as (
  delete from trigger_payloads where (job_id, payload_hash) in (
    select job_id, payload_hash from trigger_payloads where expires_at <= now() order by expires_at limit $1
       for update skip locked) returning 1
), costs as (
  delete from project_costs where (project_id, day) in (
    select project_id, day from project_costs where day < (now() at time zone 'utc')::date - ${COSTS_KEPT_DAYS}
     order by day limit $1 for update skip locked) returning 1
)
select greatest((select count(*) from rates), (select count(*) from payloads), (select count(*) from costs))::int as most`;
