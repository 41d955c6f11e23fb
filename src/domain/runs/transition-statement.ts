import { ACTIVE_STATUSES, edgeOf, FINAL_STATUSES, RUN_EVENTS } from '../../core/run-state.ts';
import { XID_SQL } from '../changes/change-statement.ts';
import { matchSql } from '../dependencies/match.ts';
import { firedSql } from '../webhooks/fired-deliveries.ts';

/** A SQL list of text literals; only for constants of ours. */
export function sqlList(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}

/** The statuses of {@link FINAL_STATUSES} as a SQL list. */
export const FINAL_SQL = sqlList(FINAL_STATUSES);

/** The statuses of {@link ACTIVE_STATUSES} as a SQL list. */
export const ACTIVE_SQL = sqlList(ACTIVE_STATUSES);

/** Statuses in which a run holds its lease and its slots. */
export const CLAIMED_SQL = sqlList(['dequeued', 'executing']);

/** The state machine as a SQL expression over the event and the status before: the status after, or null for "refused". */
function becomesSql(event: string, was: string): string {
  const arms = RUN_EVENTS.map((name) => {
    const { from, to } = edgeOf(name);
    return `when ${event} = '${name}' and ${was} in (${sqlList(from)}) then '${to}'`;
  });
  return `case ${arms.join(' ')} end`;
}

/**
 * Moves any number of runs, each by its own event, in one statement: guard, update, event row, lease, slots, result, webhooks and doorbell
 * are committed together or not at all. `$1` is a JSON array of items (the columns of `input`), `$2` says whether to ring when something
 * became claimable. Answers one row per item whose run exists, named by `ord`, with the run as it was found; `becomes` is null for what
 * was refused.
 *
 * Runs are locked in the order of their ids before anything is written, so that two such statements never wait for each other in a
 * circle, and so that the guards see the newest version of each row: nothing can change between `locked` and `moved`, and every row of
 * `plan` that may move does.
 *
 * A result is a plain insert: nothing leads out of `completed`, so no run completes twice.
 *
 * Each part carries along what later ones need: a join of two row sets without an index costs their product.
 */
export const TRANSITION_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (
    ord int, id uuid, project_id text, epoch int, event text, error text, error_class text, result jsonb, trace jsonb,
    delay_ms bigint, at timestamptz, priority_boost int, level text, message text, data jsonb,
    wait jsonb, payload jsonb, payload_hash text, dependency_key text, from_status text, metadata jsonb, hold text)
), locked as materialized (
  select i.*, r.project_id as owner, r.status as was, r.epoch as old_epoch, r.attempt, r.event_seq, r.parent_run_id, r.job_id, r.batch_id,
         r.workflow_step_run_id
    from input i join runs r on r.id = i.id order by r.id for update of r
), plan as materialized (
  select l.*, l.event_seq + 1 as seq,
         case when (l.epoch is null or l.epoch = l.old_epoch) and (l.project_id is null or l.project_id = l.owner)
               and (l.from_status is null or l.from_status = l.was)
              then ${becomesSql('l.event', 'l.was')} end as becomes,
         case l.event when 'retry' then l.attempt + 1 when 'dlq_replay' then 1 when 'revive' then 1 else l.attempt end as new_attempt,
         l.old_epoch + case when l.event in ('dlq_replay', 'revive', 'pause', 'restart') then 1 else 0 end as new_epoch,
         case when l.event in ('retry', 'snooze') and l.delay_ms > 0 then now() + l.delay_ms * interval '1 millisecond' end as retry_at
    from locked l
), moved as (
  update runs r set
    status = p.becomes,
    event_seq = p.seq,
    attempt = p.new_attempt,
    epoch = p.new_epoch,
    hold = case when p.retry_at is not null then coalesce(p.hold, 'retry') end,
    wake_at = case when p.event = 'hold' then p.at else p.retry_at end,
    next_retry_at = p.retry_at,
    scheduled_at = case when p.event = 'hold' then p.at else r.scheduled_at end,
    expires_at = case when p.event = 'hold'
      then greatest(now(), p.at) + (r.expires_at - greatest(r.created_at, r.scheduled_at, r.queued_at)) else r.expires_at end,
    priority = least(10, r.priority + coalesce(p.priority_boost, 0)),
    queued_at = case when p.becomes = 'queued' then coalesce(p.retry_at, now()) else r.queued_at end,
    started_at = case when p.becomes in ('queued', 'delayed') then null else r.started_at end,
    finished_at = case when p.becomes in (${FINAL_SQL}) then now() end,
    heartbeat_at = case when p.event in ('dlq_replay', 'revive') then null
      else coalesce((select l.heartbeat_at from run_leases l where l.run_id = r.id), r.heartbeat_at) end,
    error = case when p.event in ('complete', 'dlq_replay', 'revive') then null else coalesce(p.error, r.error) end,
    error_class = case when p.event in ('complete', 'dlq_replay', 'revive') then null
      when p.error is not null then p.error_class else r.error_class end,
    execution_trace = coalesce(p.trace, r.execution_trace),
    dependency_key = case when p.payload is null then r.dependency_key else p.dependency_key end
  from plan p where r.id = p.id and p.becomes is not null
  returning r.id, p.was, p.becomes, p.seq, p.new_attempt, p.new_epoch, p.level, p.message, p.data, p.result, p.retry_at,
            r.project_id, r.error as run_error, p.wait, p.payload, p.payload_hash, p.metadata, p.event, r.job_id, r.idempotency_key,
            r.dependency_key, r.expires_at, r.batch_id, r.error_class
), told as (
  insert into run_events (run_id, seq, type, level, message, data, from_status, to_status, attempt, epoch, project_id, xid)
  select id, seq, 'state_change', level, message, data, was, becomes, new_attempt, new_epoch, project_id, ${XID_SQL} from moved
), stored as (
  insert into run_results (run_id, epoch, result)
  select id, new_epoch, result from moved where result is not null
), waited as (
  insert into waits (id, project_id, run_id, kind, event_key, timeout_secs, notify_url, notify_status, expires_at)
  select (wait->>'id')::uuid, project_id, id, 'event', wait->>'event_key', (wait->>'timeout_secs')::int, wait->>'notify_url',
         case when wait ? 'notify_url' then 'pending' end, now() + (wait->>'timeout_secs')::int * interval '1 second'
    from moved where wait is not null and event = 'wait'
), depended as (
  insert into waits (id, project_id, run_id, kind, job_id, match_by, match_key, expires_at)
  select (m.wait->>'id')::uuid, m.project_id, m.id, 'dependency', m.job_id, ${matchSql('m')}, m.expires_at
    from moved m where m.event = 'depend'
), replaced as (
  update run_data d set payload = coalesce(m.payload, d.payload), payload_hash = coalesce(m.payload_hash, d.payload_hash),
         metadata = d.metadata || coalesce(m.metadata, '{}')
    from moved m where (m.payload is not null or m.metadata is not null) and d.run_id = m.id
), ended_waits as (
  update waits w set status = 'canceled', ended_at = now()
    from moved m where m.was = 'waiting' and m.becomes <> 'queued' and w.run_id = m.id and w.status = 'waiting'
), unleased as (
  delete from run_leases l using moved m
   where m.was in (${CLAIMED_SQL}) and m.becomes not in (${CLAIMED_SQL}) and l.run_id = m.id returning l.limit_keys
), freed as (
  update limits x set used = greatest(x.used - f.slots, 0)
    from (select k.key, count(*)::int as slots from unleased u cross join unnest(u.limit_keys) as k (key) group by k.key order by k.key) f
   where x.key = f.key returning x.key, x.has_waiters
), ${firedSql(FINAL_SQL)}, rung as (
  select graphile_worker.add_job('dispatch', max_attempts := 1)
    from (select 1 where $2::boolean and exists (select from moved where becomes = 'queued' and retry_at is null)) s
)
select p.ord, p.owner as project_id, p.was, p.old_epoch as epoch, p.becomes, p.retry_at is not null as held, p.parent_run_id, p.job_id,
       p.batch_id, p.workflow_step_run_id,
       (select array_agg(f.key) from freed f where f.has_waiters) as contended, (select count(*)::int from rung) as rings,
       coalesce((select sum(deliveries)::int from fired), 0) as fired
  from plan p`;
