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
