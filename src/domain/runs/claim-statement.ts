import { XID_SQL } from '../changes/change-statement.ts';

/**
 * The columns a dispatcher needs of a freshly claimed run `r` with its job `j` and data `d`. Shared by the claim and by the trigger that
 * starts at once, so that both hand out the same thing.
 */
export const CLAIMED_COLUMNS_SQL = `
  r.id, r.project_id, r.job_id, r.job_version, r.attempt, r.epoch, r.error as previous_error, r.error_class as previous_error_class,
  r.max_attempts_override, r.retry_backoff, r.retry_initial_delay_secs as run_retry_initial_delay_secs,
  r.retry_max_delay_secs as run_retry_max_delay_secs, r.timeout_secs, r.timeout_secs_override, r.created_at, r.queued_at, r.started_at, r.debug_mode`;

/** Bytes, as stored, of a checkpoint that is read with the claim; the executor of a run with a larger one fetches it. */
const MAX_CLAIMED_CHECKPOINT_BYTES = 65_536;

/**
 * The newest checkpoint of a freshly claimed run `r`: one probe of an index, and only for a run that has any. Found by order and not by
 * `checkpoint_seq`, which the lock may have read newer than this statement's snapshot is.
 */
const CHECKPOINT_SQL = `
  r.checkpoint_seq, case when r.checkpoint_seq > 0 then (
    select case when pg_column_size(c.state) <= ${MAX_CLAIMED_CHECKPOINT_BYTES} then c.state::text end
      from run_checkpoints c where c.run_id = r.id order by c.sequence desc limit 1) end as last_checkpoint`;

/**
 * Whether the payload of a freshly claimed run `r` has to be read again. The lock takes the newest version of the row, the join of the data
 * the one of before the statement began: a run that was rescheduled in between would go out with the payload it had. Only a first claim
 * can meet that, of a run that had more happen to it than being triggered and promoted; two events are this claim's.
 */
const RESCHEDULED_SQL = 'r.epoch = 1 and r.event_seq > 4 as rescheduled';

/**
 * Claims up to `$1` due runs for holder `$2` with a lease of `$3` milliseconds: the best by priority, then age, that no other claim has
 * its hands on. Answers at least one row: `candidates` and `missing` stand on each, the run columns are null when nothing was claimed.
 *
 * Limits: each candidate needs a slot of every limit that applies to it ('job:', 'key:', 'project:'). Rows of \`limits\` are locked in
 * the order of their keys; a candidate is admitted when its rank within every limit fits what is free there. One that is refused by a
 * limit that is full *after* this claim is held for it, so that later claims pass it by; one that only stood behind others stays due.
 * A limit without a row refuses (\`missing\`), and the caller creates the row and claims again.
 *
 * queued → dequeued → executing happen here together, with an event each: what is claimed is dispatched at once, and a separate
 * statement between the two would cost a commit per group while protecting nothing that the lease does not.
 */
export const CLAIM_SQL = `
with cand as materialized (
  select r.id, r.job_id, r.project_id, r.concurrency_key, r.priority, r.created_at
    from runs r where r.status = 'queued' and r.hold is null
   order by r.priority desc, r.created_at, r.id limit $1 for update skip locked
), need as materialized (
  select c.id, c.priority, c.created_at, n.key, n.capacity
    from cand c join jobs j on j.id = c.job_id join projects p on p.id = c.project_id
   cross join lateral (values
     ('job:' || j.id, case when j.enabled then j.max_concurrency else 0 end),
     ('key:' || c.project_id || '/' || c.concurrency_key, j.max_concurrency_per_key),
     ('project:' || p.id, p.max_executing_runs)) as n (key, capacity)
   where n.key is not null and n.capacity is not null
), locked as materialized (
  select l.key, l.used from limits l where l.key in (select key from need) order by l.key for update
), ranked as materialized (
  select n.id, n.key, n.capacity, l.used,
         row_number() over (partition by n.key order by n.priority desc, n.created_at, n.id) as rank
    from need n left join locked l on l.key = n.key
), refused as materialized (
  select id, key, capacity, used from ranked where used is null or used + rank > capacity
), admitted as materialized (
  select c.id, (select array_agg(n.key) from need n where n.id = c.id) as limit_keys
    from cand c where c.id not in (select id from refused)
), taken as materialized (
  select k.key, min(k.capacity) as capacity, max(k.used) as used, count(*) filter (where a.id is not null)::int as slots
    from ranked k left join admitted a on a.id = k.id where k.used is not null group by k.key order by k.key
), full_limits as materialized (
  select t.key from taken t where t.used + t.slots >= t.capacity
), held as (
  update runs r set hold = 'limit:' || f.key
    from (select id, min(key) as key from refused where key in (select key from full_limits) group by id) f
   where r.id = f.id returning r.hold
), counted as (
  update limits x set used = x.used + t.slots, capacity = t.capacity,
         has_waiters = x.has_waiters or exists (select from refused f where f.key = t.key)
    from taken t where x.key = t.key
), claimed as (
  update runs r set status = 'executing', epoch = r.epoch + 1, event_seq = r.event_seq + 2, started_at = now(),
         next_retry_at = null, wake_at = null
    from admitted a where r.id = a.id
  returning r.*, a.limit_keys
), told as (
  insert into run_events (run_id, seq, type, message, from_status, to_status, attempt, epoch, project_id, xid)
  select c.id, c.event_seq - 2 + s.step, 'state_change', s.message, s.was, s.becomes, c.attempt, c.epoch,
         case when s.step = 1 then c.project_id end, case when s.step = 1 then ${XID_SQL} end
    from claimed c cross join (values
      (1, 'claimed by a dispatcher', 'queued', 'dequeued'), (2, 'dispatched to the executor', 'dequeued', 'executing')
    ) as s (step, message, was, becomes)
), leased as (
  insert into run_leases (run_id, epoch, holder, limit_keys, lease_until, deadline_at)
  select c.id, c.epoch, $2::uuid, coalesce(c.limit_keys, '{}'), now() + $3::bigint * interval '1 millisecond',
         now() + c.timeout_secs * interval '1 second'
    from claimed c
  on conflict (run_id) do update set epoch = excluded.epoch, holder = excluded.holder, limit_keys = excluded.limit_keys,
    lease_until = excluded.lease_until, deadline_at = excluded.deadline_at, heartbeat_at = null
)
select m.candidates, m.missing, ${CLAIMED_COLUMNS_SQL}, ${CHECKPOINT_SQL}, ${RESCHEDULED_SQL}, d.payload::text as payload, d.traceparent
  from (select (select count(*)::int from cand) as candidates,
               (select array_agg(distinct key) from refused where used is null) as missing) m
  left join (claimed r join run_data d on d.run_id = r.id) on true`;
