import type { Pool } from 'pg';
import { transact } from '../../db/transact.ts';
import { CLAIMED_SQL } from './transition-statement.ts';

/**
 * Frees runs that are held for limits with room again, best first. Two statements under the limits' row locks: the second one's snapshot
 * is younger than the locks, so it sees every run that a claim held for these limits before.
 *
 * Answers how many runs became claimable.
 */
export async function promoteHeld(keys: readonly string[], deps: { readonly engine: Pool }): Promise<number> {
  return transact(deps.engine, async (client) => {
    await client.query('select from limits where key = any ($1::text[]) order by key for update', [keys]);
    const { rows } = await client.query<{ freed: number }>(PROMOTE_SQL, [keys]);
    return rows[0]?.freed ?? 0;
  });
}

/** How many runs one promotion frees when the limit itself is gone. */
const UNLIMITED_STEP = 1_000;

const PROMOTE_SQL = `
with room as (
  select key, case when capacity is null then ${UNLIMITED_STEP} else greatest(capacity - used, 0) end as slots
    from limits where key = any ($1::text[])
), picked as (
  select p.id, m.key from room m cross join lateral (
    select r.id from runs r where r.status = 'queued' and r.hold = 'limit:' || m.key
     order by r.priority desc, r.created_at, r.id limit m.slots for update skip locked) p
), freed as (
  update runs r set hold = null from picked p where r.id = p.id returning r.id
), marked as (
  update limits l set has_waiters = exists (
    select from runs r where r.status = 'queued' and r.hold = 'limit:' || l.key and r.id not in (select id from picked))
   where l.key = any ($1::text[])
)
select count(*)::int as freed from freed`;

/**
 * Recounts the slots in use from the leases that stand for them and the capacities from jobs and projects, so that a leak or a changed
 * limit heals by itself; drops counters nobody uses; answers the keys on which runs are held although there is room.
 */
export async function recountLimits(deps: { readonly engine: Pool }): Promise<string[]> {
  return transact(deps.engine, async (client) => {
    await client.query('select from limits order by key for update');
    await client.query(RECOUNT_SQL);
    await client.query(DROP_SQL);
    const { rows } = await client.query<{ key: string }>(ROOM_SQL);
    return rows.map((row) => row.key);
  });
}

const RECOUNT_SQL = `
with in_use as (
  select k.key, count(*)::int as used
    from run_leases s join runs r on r.id = s.run_id and r.epoch = s.epoch cross join unnest(s.limit_keys) as k (key)
   where r.status in (${CLAIMED_SQL}) group by k.key
), counted as (
  select x.key, coalesce(u.used, 0) as used,
         case split_part(x.key, ':', 1)
           when 'job' then (select case when j.enabled then j.max_concurrency else 0 end from jobs j where 'job:' || j.id = x.key)
           when 'project' then (select p.max_executing_runs from projects p where 'project:' || p.id = x.key)
           else x.capacity end as capacity,
         exists (select from runs r where r.status = 'queued' and r.hold = 'limit:' || x.key) as has_waiters
    from limits x left join in_use u on u.key = x.key
)
update limits l set used = c.used, capacity = c.capacity, has_waiters = c.has_waiters from counted c
 where l.key = c.key and (l.used, l.capacity, l.has_waiters) is distinct from (c.used, c.capacity, c.has_waiters)`;

const DROP_SQL = `delete from limits where used = 0 and not has_waiters`;

/** A limit whose capacity is gone (null) holds nobody. */
const ROOM_SQL = `select key from limits where has_waiters and (capacity is null or used < capacity)`;
