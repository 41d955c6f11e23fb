import type { Pool, PoolClient } from 'pg';
import { ACTIVE_SQL } from '../runs/transition-statement.ts';

/** Days that a moment is kept, and a schedule after it has ended. */
const KEPT_DAYS = 30;
/** Moments of one schedule that are kept. */
const KEPT_FIRES = 1_000;

/** A moment that is to be settled, or whose run goes on: what comes after it asks for that. */
const IN_USE_SQL = `f.outcome = 'pending' or f.outcome = 'started' and (
  coalesce((select r.status in (${ACTIVE_SQL}) from runs r where r.id = f.run_id), false) or
  coalesce((select w.status in ('pending', 'running', 'paused') from workflow_runs w where w.id = f.workflow_run_id), false))`;

/** Deletes all but the latest moments of these schedules. */
export async function trimFires(scheduleIds: readonly string[], client: Pool | PoolClient): Promise<void> {
  await client.query({
    name: 'trim-schedule-fires',
    text: `delete from schedule_fires f using (
             select k.id, (select o.fire_at from schedule_fires o where o.schedule_id = k.id order by o.fire_at desc offset ${KEPT_FIRES} limit 1) as edge
               from unnest($1::uuid[]) as k (id)) e
            where f.schedule_id = e.id and f.fire_at <= e.edge and not (${IN_USE_SQL})`,
    values: [scheduleIds],
  });
}

/** Deletes up to `limit` old moments, and up to `limit` schedules that ended long ago with all of theirs; answers how many rows. */
export async function deleteExpiredSchedules(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const fires = await deps.engine.query({
    name: 'schedule-fire-retention',
    text: `delete from schedule_fires where id in (
             select f.id from schedule_fires f where f.created_at < now() - interval '${KEPT_DAYS} days' and not (${IN_USE_SQL}) limit $1)`,
    values: [limit],
  });
  const schedules = await deps.engine.query({
    name: 'schedule-retention',
    text: `with gone as (delete from schedules where id in (
             select s.id from schedules s where s.ended_at < now() - interval '${KEPT_DAYS} days' limit $1) returning id),
             inputs as (delete from schedule_inputs i using gone where i.schedule_id = gone.id)
           delete from schedule_fires f using gone where f.schedule_id = gone.id returning f.schedule_id`,
    values: [limit],
  });
  return (fires.rowCount ?? 0) + (schedules.rowCount ?? 0);
}
