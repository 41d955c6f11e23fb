-- Up Migration

-- What ends workflow runs is told like what ends runs, all four endings of them.
alter table webhook_subscriptions
  drop constraint webhook_subscriptions_event_types_check,
  add constraint webhook_subscriptions_event_types_check check (cardinality(event_types) between 1 and 12 and event_types <@ array[
    'run.completed', 'run.failed', 'run.timed_out', 'run.canceled', 'run.crashed', 'run.system_failed', 'run.expired',
    'run.dead_letter', 'workflow.completed', 'workflow.failed', 'workflow.timed_out', 'workflow.canceled']);

-- Stores a delivery of the ending of one workflow run for each active subscription to it. A function for the reason that
-- baton_fire_webhooks is one: the statement that calls it has nothing to tell most of the time.
create function baton_fire_workflow_webhooks(
  project text, workflow uuid, version integer, workflow_run uuid, status text, error text, failed_step text, output jsonb
) returns integer language plpgsql as $$
declare
  -- As for runs: the whole body stays under 20 kB.
  max_output constant integer := 12000;
  max_error constant integer := 1000;
  ending constant text := 'workflow.' || status;
  body jsonb;
  fired integer;
begin
  body := jsonb_build_object(
    'type', ending, 'workflow_run_id', workflow_run, 'workflow_id', workflow, 'workflow_version', version, 'project_id', project,
    'status', status, 'output', output, 'error', case when length(error) > max_error then left(error, max_error) || '…' else error end,
    'failed_step', failed_step, 'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
  if octet_length(output::text) > max_output then
    body := body || jsonb_build_object('output', null, 'output_truncated', true, 'output_url', '/v1/workflow-runs/' || workflow_run);
  end if;
  insert into webhook_deliveries (id, project_id, kind, subscription_id, event_type, webhook_url, payload)
  select baton_uuid_v7(), project, 'subscription', s.id, ending, s.webhook_url, body
    from webhook_subscriptions s where s.project_id = project and s.active and ending = any (s.event_types);
  get diagnostics fired = row_count;
  return fired;
end
$$;

-- When anything about it last changed.
alter table workflow_runs add column updated_at timestamptz not null default now();
