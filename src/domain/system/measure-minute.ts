/** Ended runs, and claims, that are looked at for one minute. */
const LOOKED_AT = 50_000;
/** How far the queue is counted. */
const COUNTED = 100_000;

/**
 * One row: how the installation stands, and what happened between two moments (SQL expressions), from figures that are there anyway, so that no run pays for
 * being counted. A run counts as started when it has ended since, or is still claimed; one that has been put back or sleeps by now does not.
 */
export function measureSql(from: string, to: string): string {
  return `
with ended as materialized (
  select e.started_at, e.queued_at, e.created_at, e.finished_at
    from jobs j cross join lateral (
      select r.started_at, r.queued_at, r.created_at, r.finished_at from runs r
       where r.job_id = j.id and r.finished_at is not null and r.finished_at >= ${from}
       order by r.finished_at desc limit ${LOOKED_AT}) e
   limit ${LOOKED_AT}
), claimed as materialized (
  select r.started_at, r.queued_at, r.created_at
    from (select l.run_id from run_leases l limit ${LOOKED_AT}) l join runs r on r.id = l.run_id
), started as materialized (
  select extract(epoch from s.started_at - coalesce(s.queued_at, s.created_at)) * 1000 as ms
    from (select started_at, queued_at, created_at from ended union all select started_at, queued_at, created_at from claimed) s
   where s.started_at >= ${from} and s.started_at < ${to}
)
select (select count(*)::int from (select from runs r where r.status = 'queued' and r.hold is null limit ${COUNTED}) c)
     + (select count(*)::int from (select from runs r where r.status = 'queued' and r.hold is not null limit ${COUNTED}) c) as queue_depth,
       (select count(*)::int from claimed) as executing,
       (select count(*)::int from started) as started,
       (select count(*)::int from ended e where e.finished_at < ${to}) as ended,
       (select greatest(percentile_cont(0.5) within group (order by ms), 0)::int from started) as start_p50_ms,
       (select greatest(percentile_cont(0.95) within group (order by ms), 0)::int from started) as start_p95_ms,
       pg_database_size(current_database()) as database_bytes`;
}
