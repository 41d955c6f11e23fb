import type pg from 'pg';
import { FINAL_SQL } from '../../src/domain/runs/transition-statement.ts';

/** What must hold of a database at rest, each as a query that lists the runs breaking it. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'a final run has exactly one ending per claim': `
    select run_id::text as id from run_events where to_status in (${FINAL_SQL}) group by run_id, epoch having count(*) > 1`,
  'a final run has told its ending': `
    select r.id::text from runs r where r.status in (${FINAL_SQL})
       and not exists (select from run_events e where e.run_id = r.id and e.to_status = r.status)`,
  'the last status told is the status': `
    select r.id::text from runs r join lateral (
      select to_status from run_events e where e.run_id = r.id and e.to_status is not null order by seq desc limit 1) e on true
     where e.to_status <> r.status`,
  'every status change starts where the last one ended': `
    select run_id::text as id from (
      select run_id, from_status, lag(to_status) over (partition by run_id order by seq) as was
        from run_events where to_status is not null) e
     where from_status is distinct from was`,
  'events are numbered without gaps': `
    select r.id::text from runs r where r.event_seq <> (select count(*) from run_events e where e.run_id = r.id)
        or r.event_seq <> (select max(seq) from run_events e where e.run_id = r.id)`,
  'a run that is not claimed has no lease': `
    select r.id::text from runs r join run_leases l on l.run_id = r.id where r.status not in ('dequeued', 'executing')`,
  'a claimed run has its lease': `
    select r.id::text from runs r left join run_leases l on l.run_id = r.id and l.epoch = r.epoch
     where r.status in ('dequeued', 'executing') and l.run_id is null`,
  'no slot is held by nobody': `
    select x.key as id from limits x where x.used <> (
      select count(*) from run_leases l where x.key = any (l.limit_keys))`,
  'every run has its data': `select r.id::text from runs r where not exists (select from run_data d where d.run_id = r.id)`,
  'a final workflow run has ended once, and told it': `
    select w.id::text from workflow_runs w where w.status in ('completed', 'failed', 'timed_out', 'canceled') and 1 <> (
      select count(*) from workflow_run_events e where e.workflow_run_id = w.id and e.type = 'run'
         and e.to_status in ('completed', 'failed', 'timed_out', 'canceled'))`,
  'events of a workflow run are numbered without gaps': `
    select w.id::text from workflow_runs w where w.event_seq <> (select count(*) from workflow_run_events e where e.workflow_run_id = w.id)
        or w.event_seq <> (select max(seq) from workflow_run_events e where e.workflow_run_id = w.id)`,
  'every status change of a step starts where the last one ended': `
    select workflow_run_id::text as id from (
      select workflow_run_id, from_status, coalesce(lag(to_status) over (partition by workflow_run_id, step_ref order by seq), 'pending') as was
        from workflow_run_events e where to_status is not null and step_ref is not null
         and not exists (select from workflow_step_runs s where s.workflow_run_id = e.workflow_run_id and s.step_ref = e.step_ref
                            and s.kept_from is not null)) e
     where from_status is distinct from was`,
  'a workflow run that has ended has no step under way': `
    select w.id::text from workflow_runs w where w.status in ('completed', 'failed', 'timed_out', 'canceled') and exists (
      select from workflow_step_runs s where s.workflow_run_id = w.id and s.status in ('pending', 'waiting', 'running'))`,
  'a step started after everything it depends on was over': `
    select s.id::text from workflow_step_runs s join workflow_runs w on w.id = s.workflow_run_id
      join workflow_versions v on v.workflow_id = w.workflow_id and v.version = w.workflow_version
     cross join lateral jsonb_array_elements_text(v.definition->'steps'->s.position->'dependsOn') as d (ref)
      join workflow_step_runs p on p.workflow_run_id = s.workflow_run_id and p.step_ref = d.ref
     where s.started_at is not null and s.attempt = 1 and p.finished_at > s.started_at and p.decision is null`,
  'a completed job step has one completed run for its try': `
    select s.id::text from workflow_step_runs s where s.kind = 'job' and s.status = 'completed' and s.kept_from is null and s.decision is null
       and 1 <> (select count(*) from runs r where r.workflow_step_run_id = s.id and r.spawn_key = s.attempt::text and r.status = 'completed')`,
  'a step that is over has no active work': `
    select s.id::text from workflow_step_runs s join runs r on r.workflow_step_run_id = s.id
     where s.status not in ('running') and r.status not in (${FINAL_SQL})`,
  'a wait of a step that is over is over': `
    select s.id::text from workflow_step_runs s join waits x on x.workflow_step_run_id = s.id and x.status = 'waiting' where s.status <> 'waiting'`,
};

/** The runs that break an invariant, as "invariant: id"; empty when all is well. */
export async function findViolations(client: Pick<pg.Client, 'query'>): Promise<string[]> {
  const found: string[] = [];
  for (const [name, sql] of Object.entries(INVARIANTS)) {
    const { rows } = await client.query<{ id: string }>(sql);
    found.push(...rows.map((row) => `${name}: ${row.id}`));
  }
  return found;
}
