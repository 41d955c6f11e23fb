import { XID_SQL } from '../changes/change-statement.ts';
import { matchSql } from '../dependencies/match.ts';
import { ACTIVE_SQL } from './transition-statement.ts';

/** How deep runs may spawn runs. */
export const MAX_SPAWN_DEPTH = 20;

/** How often runs may continue runs. */
export const MAX_LINEAGE_DEPTH = 10;

/** When a run stops being worth its first start; null without a time to live. */
const EXPIRES_AT_SQL = `greatest(now(), coalesce(a.scheduled_at, now())) + a.ttl_secs * interval '1 second'`;

/**
 * Stores any number of new runs in one statement: row, data, first events, and for those that start at once the lease. `$1` is a JSON
 * array of items, `$2` the holder, `$3` its lease in milliseconds, `$4` how many of the items marked `start` may start at once, `$5`
 * whether to ring for what stays queued.
 *
 * An item that is to wait for what its job depends on is stored with its wait: whoever finds one finds the other.
 *
 * An item that asks for it is claimed as it is born when no older run is due, which is what halves start latency; it must have no limits.
 * A conflicting idempotency key or spawn key stores nothing, and the row that stands in the way is answered instead (`existing_id`), or
 * neither when that row is not visible yet or no longer live: ask again. An item whose id may be stored already says so (`may_exist`), and
 * is answered with that run. A child is stored only while its parent's claim still stands, and
 * so is a continuation; `parent_depth` is then how many runs the one it continues has before it. It stands as deep in the tree of spawns
 * as that one, or spawning and continuing by turns would have no end.
 * `created_at` advances by a microsecond per item, so that no two runs of one statement share it.
 */
export const INSERT_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (
    ord int, id uuid, project_id text, job_id uuid, job_version int, job_version_id text, status text, start boolean,
    priority int, scheduled_at timestamptz, ttl_secs int, timeout_secs int, timeout_secs_override int, max_attempts_override int,
    retry_backoff text, retry_initial_delay_secs int, retry_max_delay_secs int, concurrency_key text, idempotency_key text,
    triggered_by text, created_by text, parent_run_id uuid, parent_epoch int, spawn_key text, dependency_key text, wait_id uuid,
    debug_mode boolean, may_exist boolean, continuation_of uuid, batch_id uuid, workflow_step_run_id uuid, payload jsonb,
    payload_hash text, metadata jsonb, tags jsonb, traceparent text)
), checked as materialized (
  select i.*, coalesce(p.spawn_depth + case when i.continuation_of is null then 1 else 0 end, 0) as spawn_depth,
         case when i.continuation_of is null then p.spawn_depth else p.lineage_depth end as parent_depth,
         case when i.continuation_of is null then 0 else p.lineage_depth + 1 end as lineage_depth,
         i.idempotency_key is null and i.spawn_key is null and i.may_exist is not true as keyless,
         i.parent_run_id is null and i.continuation_of is null or coalesce(p.epoch = i.parent_epoch and case when i.continuation_of is null
           then p.status = 'executing' and p.spawn_depth < ${MAX_SPAWN_DEPTH}
           else p.status in ('executing', 'waiting') and p.lineage_depth < ${MAX_LINEAGE_DEPTH} end, false) as allowed,
         i.start and not exists (select from runs q where q.status = 'queued' and q.hold is null) and
         not exists (select from projects l where l.id = i.project_id and l.max_executing_runs is not null) and
         row_number() over (partition by i.start order by i.ord) <= $4::int as starts
    from input i left join runs p on p.id = coalesce(i.parent_run_id, i.continuation_of)
), born as (
  insert into runs (
    id, project_id, job_id, job_version, job_version_id, status, epoch, event_seq, priority, created_at, queued_at, started_at,
    scheduled_at, wake_at, expires_at, timeout_secs, timeout_secs_override, max_attempts_override, retry_backoff,
    retry_initial_delay_secs, retry_max_delay_secs, concurrency_key, idempotency_key,
    triggered_by, created_by, parent_run_id, spawn_key, spawn_depth, continuation_of, lineage_depth, batch_id,
    dependency_key, debug_mode, workflow_step_run_id)
  select a.id, a.project_id, a.job_id, a.job_version, a.job_version_id, case when a.starts then 'executing' else a.status end,
         case when a.starts then 1 else 0 end, case when a.starts then 3 else 1 end, a.priority,
         now() + a.ord * interval '1 microsecond', case when a.status = 'queued' then now() end, case when a.starts then now() end,
         a.scheduled_at, case when a.status = 'delayed' then a.scheduled_at end,
         ${EXPIRES_AT_SQL},
         a.timeout_secs, a.timeout_secs_override, a.max_attempts_override, a.retry_backoff, a.retry_initial_delay_secs,
         a.retry_max_delay_secs, a.concurrency_key, a.idempotency_key,
         a.triggered_by, a.created_by, a.parent_run_id, a.spawn_key, a.spawn_depth, a.continuation_of, a.lineage_depth, a.batch_id,
         a.dependency_key, coalesce(a.debug_mode, false), a.workflow_step_run_id
    from checked a where a.allowed order by a.ord
  on conflict do nothing
  returning *
), data as (
  insert into run_data (run_id, project_id, payload, payload_hash, metadata, tags, traceparent)
  select a.id, a.project_id, coalesce(a.payload, 'null'), a.payload_hash, a.metadata, a.tags, a.traceparent
    from checked a where a.allowed and (a.keyless or a.id in (select id from born)) order by a.ord
), waited as (
  insert into waits (id, project_id, run_id, kind, job_id, match_by, match_key, expires_at)
  select a.wait_id, a.project_id, a.id, 'dependency', a.job_id, ${matchSql('a')}, ${EXPIRES_AT_SQL}
    from checked a where a.status = 'waiting' and a.allowed and (a.keyless or a.id in (select id from born))
), told as (
  insert into run_events (run_id, seq, type, message, from_status, to_status, attempt, epoch, project_id, xid)
  select b.id, s.step, 'state_change', s.message, s.was,
         case when s.step = 1 and b.status in ('delayed', 'waiting') then b.status else s.becomes end,
         1, s.epoch, case when s.step = b.event_seq then b.project_id end, case when s.step = b.event_seq then ${XID_SQL} end
    from born b cross join (values
      (1, 'triggered', null, 'queued', 0), (2, 'claimed as it was triggered', 'queued', 'dequeued', 1),
      (3, 'dispatched to the executor', 'dequeued', 'executing', 1)) as s (step, message, was, becomes, epoch)
   where s.step <= b.event_seq
), leased as (
  insert into run_leases (run_id, epoch, holder, lease_until, deadline_at)
  select b.id, b.epoch, $2::uuid, now() + $3::bigint * interval '1 millisecond', now() + b.timeout_secs * interval '1 second'
    from born b where b.status = 'executing'
), rung as (
  select graphile_worker.add_job('dispatch', max_attempts := 1)
    from (select 1 where $5::boolean and exists (select from born where status = 'queued')) s
)
select a.ord, a.allowed, s.stored, a.starts, a.parent_depth, now() as at,
       e.id as existing_id, e.status as existing_status, e.payload_hash as existing_payload_hash,
       (select count(*)::int from rung) as rings
  from checked a
 cross join lateral (select a.allowed and (a.keyless or a.id in (select id from born)) as stored) s
  left join lateral (
    select x.id, x.status, d.payload_hash from runs x join run_data d on d.run_id = x.id
     where not s.stored and a.may_exist and x.id = a.id
    union all
    select x.id, x.status, d.payload_hash from runs x join run_data d on d.run_id = x.id
     where not s.stored and a.idempotency_key is not null and x.job_id = a.job_id and x.idempotency_key = a.idempotency_key
       and x.status in (${ACTIVE_SQL})
    union all
    select x.id, x.status, d.payload_hash from runs x join run_data d on d.run_id = x.id
     where not s.stored and a.spawn_key is not null and x.parent_run_id = a.parent_run_id and x.spawn_key = a.spawn_key
    union all
    select x.id, x.status, d.payload_hash from runs x join run_data d on d.run_id = x.id
     where not s.stored and a.spawn_key is not null and x.continuation_of = a.continuation_of and x.spawn_key = a.spawn_key
    union all
    select x.id, x.status, d.payload_hash from runs x join run_data d on d.run_id = x.id
     where not s.stored and a.workflow_step_run_id is not null and x.workflow_step_run_id = a.workflow_step_run_id
       and x.spawn_key = a.spawn_key
    limit 1) e on true
 order by a.ord`;
