import { FIRED_WORKFLOWS_SQL } from '../webhooks/fired-workflow-deliveries.ts';

/**
 * Stores the drafts of any number of workflow runs in one statement: statuses of run and steps, outputs, events and waits are committed
 * together or not at all. `$1` is a JSON array of items. A run that has changed since it was read, as its revision says, is left as it
 * is; the rows that are answered name the items that were stored, and how many webhooks the statement has fired.
 *
 * Runs are locked in the order of their ids before anything is written, so two such statements never wait for each other in a circle,
 * and the guard sees the newest version of each row. A wait whose key is in use is not stored; its step finds that out when it is next
 * looked at.
 */
export const APPLY_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (
    ord int, id uuid, revision int, status text, error text, failed_step text, output jsonb, batch_started int, steps json,
    events json, waits json)
), locked as materialized (
  select i.*, w.project_id, w.event_seq, w.status as was
    from input i join workflow_runs w on w.id = i.id
   where w.revision = i.revision order by w.id for update of w
), moved as (
  update workflow_runs w set
    revision = w.revision + 1, updated_at = now(), event_seq = w.event_seq + json_array_length(l.events), status = l.status,
    error = coalesce(l.error, w.error), failed_step = coalesce(l.failed_step, w.failed_step),
    batch_started = coalesce(l.batch_started, w.batch_started),
    started_at = coalesce(w.started_at, case when l.status in ('running', 'completed', 'failed', 'timed_out') then now() end),
    finished_at = case when l.status in ('completed', 'failed', 'timed_out', 'canceled') then now() end,
    deadline_at = case
      when l.status = 'running' and w.started_at is null then now() + w.timeout_secs * interval '1 second'
      when l.was = 'paused' and l.status = 'running' then w.deadline_at + (now() - w.paused_at) else w.deadline_at end,
    paused_at = case when l.status = 'paused' then coalesce(w.paused_at, now()) end
  from locked l where w.id = l.id
  returning w.id, w.project_id, w.workflow_id, w.workflow_version, l.was, w.status, w.error, w.failed_step, l.output
), ${FIRED_WORKFLOWS_SQL}, returned as (
  update workflow_run_data d set output = l.output from locked l where l.output is not null and d.workflow_run_id = l.id
), told as (
  insert into workflow_run_events (workflow_run_id, seq, type, step_ref, message, from_status, to_status, attempt, actor, data)
  select l.id, l.event_seq + e.ordinality, e.value->>'type', e.value->>'step_ref', e.value->>'message', e.value->>'from_status',
         e.value->>'to_status', (e.value->>'attempt')::int, e.value->>'actor', nullif(e.value->'data', 'null')
    from locked l cross join lateral jsonb_array_elements(l.events::jsonb) with ordinality e
), stepped as (
  update workflow_step_runs s set
    status = x.status, attempt = x.attempt, skip_reason = x.skip_reason, chosen = x.chosen, error = x.error,
    map_total = x.map_total, map_started = x.map_started,
    wake_at = case when x.wake_secs is not null then now() + x.wake_secs * interval '1 second' else x.wake_at end,
    input = case when x.has_input then coalesce(x.input, 'null') when x.status = 'pending' then null else s.input end,
    output = case x.source
      when 'value' then coalesce(x.output, 'null')
      when 'run' then (select r.result from run_results r where r.run_id = x.source_id)
      when 'child' then (select d.output from workflow_run_data d where d.workflow_run_id = x.source_id)
      when 'wait' then (select v.response_payload from waits v where v.id = x.source_id)
      when 'map' then (
        select coalesce(jsonb_agg(coalesce(o.result, 'null') order by split_part(r.spawn_key, ':', 2)::int), '[]')
          from runs r left join run_results o on o.run_id = r.id
         where r.workflow_step_run_id = s.id and starts_with(r.spawn_key, x.attempt || ':'))
      else case when x.status = 'pending' then null else s.output end end,
    decision = coalesce(x.decision, s.decision), decided_by = case when x.decision is null then s.decided_by else x.decided_by end,
    decision_reason = case when x.decision is null then s.decision_reason else x.decision_reason end,
    decided_at = case when x.decision is null then s.decided_at else now() end,
    started_at = case when x.attempt > s.attempt then now() when x.status = 'pending' then null else s.started_at end,
    finished_at = case when x.status in ('completed', 'failed', 'skipped', 'canceled') then coalesce(s.finished_at, now()) end
  from locked l cross join lateral json_to_recordset(l.steps) as x (
    id uuid, status text, attempt int, skip_reason text, chosen text[], error text, map_total int, map_started int, wake_at timestamptz,
    wake_secs float8, has_input boolean, input jsonb, source text, source_id uuid, output jsonb, decision text, decided_by text,
    decision_reason text)
  where s.id = x.id
  returning s.id, s.status, x.decision, x.decided_by, x.decision_reason
), waited as (
  insert into waits (id, project_id, kind, workflow_run_id, workflow_step_run_id, step_attempt, event_key, timeout_secs, expires_at, request_payload)
  select x.id, l.project_id, 'event', l.id, x.step_id, x.attempt, x.event_key, x.timeout_secs, now() + x.timeout_secs * interval '1 second', x.request
    from locked l cross join lateral json_to_recordset(l.waits) as x (
      id uuid, step_id uuid, attempt int, event_key text, timeout_secs int, request jsonb)
  on conflict do nothing
), unwaited as (
  update waits v set ended_at = now(),
         status = case when s.decision in ('approved', 'declined') then 'received' else 'canceled' end,
         sent_by = case when s.decision in ('approved', 'declined') then s.decided_by end,
         response_payload = case when s.decision in ('approved', 'declined')
           then jsonb_build_object('approved', s.decision = 'approved', 'reason', s.decision_reason) end,
         error = case when s.decision in ('approved', 'declined') then null else 'the step went on, or ended, without it' end
    from stepped s where s.status <> 'waiting' and v.workflow_step_run_id = s.id and v.status = 'waiting'
)
select l.ord, coalesce((select sum(deliveries)::int from fired), 0) as fired from locked l`;
