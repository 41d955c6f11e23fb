/**
 * Moves schedules on: their moments are stored, and what they wait for next, together or not at all. `$1` is a JSON array of schedules,
 * `$2` one of moments. A moment that was dealt with before stays as it is.
 */
export const ADVANCE_SQL = `
with moments as materialized (
  select * from json_to_recordset($2::json) as m (
    id uuid, schedule_id uuid, project_id text, fire_at timestamptz, outcome text, run_id uuid, workflow_run_id uuid, batch_id uuid, error text,
    missed_count int, missed_until timestamptz)
), told as (
  insert into schedule_fires (id, schedule_id, project_id, fire_at, outcome, run_id, workflow_run_id, batch_id, error, missed_count, missed_until,
    settled_at)
  select m.id, m.schedule_id, m.project_id, m.fire_at, m.outcome, m.run_id, m.workflow_run_id, m.batch_id, m.error, coalesce(m.missed_count, 0),
         m.missed_until, case when m.outcome <> 'pending' then now() end
    from moments m
  on conflict (schedule_id, fire_at) do nothing
)
update schedules s
   set status = i.status, next_fire_at = i.next_fire_at, last_fired_at = coalesce(i.last_fired_at, s.last_fired_at),
       fire_count = s.fire_count + i.fires, missed_count = least(s.missed_count::bigint + i.missed, 2147483647)::int,
       paused_at = case when i.status = 'paused' then now() else s.paused_at end,
       ended_at = case when i.status = 'completed' then now() end
  from json_to_recordset($1::json) as i (id uuid, status text, next_fire_at timestamptz, last_fired_at timestamptz, fires int, missed int)
 where s.id = i.id`;

/** The schedules that are due, locked, with the moment to go by: `$1`, or the clock of the database. Others of them are being dealt with. */
export const DUE_SQL = `
select s.id, s.project_id as "projectId", s.job_id as "jobId", s.workflow_id as "workflowId", s.cron, s.run_at as "runAt", s.timezone,
       s.catch_up as "catchUp", s.catch_up_limit as "catchUpLimit", s.grace_secs as "graceSecs", s.next_fire_at as "nextFireAt",
       s.fire_count as "fireCount", s.input_count as "inputCount", coalesce($1::timestamptz, now()) as now
  from schedules s
 where s.status = 'active' and s.next_fire_at <= coalesce($1::timestamptz, now())
 order by s.next_fire_at limit $2
   for update skip locked`;
