-- Up Migration

-- Who wants to hear of what ends in a project, and what is on its way to them.

-- UUIDv7 for rows that a statement makes by itself, as core/ids.ts makes them elsewhere; Postgres has one of its own from 18 on only.
create function baton_uuid_v7() returns uuid language sql volatile parallel safe as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create table webhook_subscriptions (
  id uuid primary key,
  project_id text not null references projects (id),
  webhook_url text not null check (length(webhook_url) between 1 and 2048),
  event_types text[] not null check (cardinality(event_types) between 1 and 10 and event_types <@ array[
    'run.completed', 'run.failed', 'run.timed_out', 'run.canceled', 'run.crashed', 'run.system_failed', 'run.expired',
    'run.dead_letter', 'workflow.completed', 'workflow.failed']),
  secret text not null check (length(secret) between 16 and 256),
  active boolean not null default true,
  -- When the receiver said 410: it was switched off for that, and not by a person.
  gone_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (not (active and gone_at is not null))
);
create index webhook_subscriptions_by_project on webhook_subscriptions (project_id, id desc);
-- The one probe that an ending costs where nobody subscribes.
create index webhook_subscriptions_active on webhook_subscriptions (project_id) where active;

alter table jobs
  add column webhook_url text check (length(webhook_url) between 1 and 2048),
  -- Null signs with the secret of its dispatches.
  add column webhook_secret text check (length(webhook_secret) between 16 and 256);
create index jobs_with_webhook on jobs (project_id) where webhook_url is not null;

-- One message for one receiver, stored by the statement that ended the run. No foreign keys: that statement is hot.
create table webhook_deliveries (
  -- The webhook-id of every attempt.
  id uuid primary key,
  project_id text not null,
  kind text not null check (kind in ('subscription', 'job', 'test', 'event_notice')),
  subscription_id uuid,
  job_id uuid,
  run_id uuid,
  wait_id uuid,
  event_type text not null check (length(event_type) between 1 and 64),
  webhook_url text not null check (length(webhook_url) between 1 and 2048),
  -- Whom a slow or dead receiver holds up: the deliveries of its project to the same host, and nobody else.
  endpoint text collate "C" not null generated always as (
    project_id || ' ' || lower(coalesce(substring(webhook_url from '^[^:]+://[^/?#]+'), webhook_url))) stored,
  -- Whose deliveries count together when old ones are deleted.
  target_id uuid generated always as (coalesce(subscription_id, job_id)) stored,
  payload jsonb not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed', 'dead')),
  -- Attempts so far; the fence of whoever makes one.
  attempts integer not null default 0,
  -- Attempts that no longer count: those before somebody asked for another round.
  forgiven_attempts integer not null default 0,
  -- While an attempt is under way: when it counts as lost.
  next_attempt_at timestamptz default now(),
  lease_until timestamptz,
  last_attempt_at timestamptz,
  delivered_at timestamptz,
  response_status integer,
  response_body text,
  error text,
  replay_of uuid,
  created_at timestamptz not null default now(),
  check ((next_attempt_at is null) = (status in ('delivered', 'dead'))),
  check ((kind in ('subscription', 'test')) = (subscription_id is not null)),
  check ((kind = 'event_notice') = (wait_id is not null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
-- What is to be sent, receiver by receiver.
create index webhook_deliveries_due on webhook_deliveries (endpoint, next_attempt_at) where next_attempt_at is not null;
-- Lists, newest first.
create index webhook_deliveries_by_project on webhook_deliveries (project_id, id desc);
create index webhook_deliveries_by_status on webhook_deliveries (project_id, status, id desc);
create index webhook_deliveries_by_target on webhook_deliveries (target_id, id desc);
create index webhook_deliveries_by_run on webhook_deliveries (run_id) where run_id is not null;
-- Retention; what is deleted together was created together.
create index webhook_deliveries_by_age on webhook_deliveries using brin (created_at) with (autosummarize = on);

-- Stores what has to be told of one run that a transition has moved: a delivery for each active subscription to its ending and for the
-- webhook of its job, or the notice of a wait that begins. A function, called by the transition for those runs alone that somebody wants
-- to hear of: as a part of that statement it would be prepared with every execution, for the many that have nothing to tell.
create function baton_fire_webhooks(
  project text, job uuid, run uuid, status text, attempt integer, error text, result jsonb, wait jsonb
) returns integer language plpgsql as $$
declare
  iso constant text := 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';
  -- Bytes of a result and characters of an error, so that the whole body stays under the 20 kB that receivers are promised.
  max_result constant integer := 12000;
  max_error constant integer := 1000;
  body jsonb;
  fired integer;
begin
  if wait is not null then
    insert into webhook_deliveries (id, project_id, kind, job_id, run_id, wait_id, event_type, webhook_url, payload)
    values ((wait->>'id')::uuid, project, 'event_notice', job, run, (wait->>'id')::uuid, 'event.waiting', wait->>'notify_url',
      jsonb_build_object('event_key', wait->>'event_key', 'trigger_id', wait->>'id', 'project_id', project,
        'expires_at', to_char((now() + (wait->>'timeout_secs')::integer * interval '1 second') at time zone 'UTC', iso),
        'callback_url', wait->>'callback_url'));
    return 1;
  end if;
  -- The documented body; a result that is too large is left out, and the body says so and where it is.
  body := jsonb_build_object(
    'run_id', run, 'job_id', job, 'project_id', project, 'status', status, 'attempt', attempt,
    'result', result, 'error', case when length(error) > max_error then left(error, max_error) || '…' else error end,
    'timestamp', to_char(now() at time zone 'UTC', iso));
  if octet_length(result::text) > max_result then
    body := body || jsonb_build_object('result', null, 'result_truncated', true, 'result_url', '/v1/runs/' || run);
  end if;
  insert into webhook_deliveries (id, project_id, kind, subscription_id, job_id, run_id, event_type, webhook_url, payload)
  select baton_uuid_v7(), project, 'subscription', s.id, job, run, 'run.' || status, s.webhook_url,
         body || jsonb_build_object('type', 'run.' || status)
    from webhook_subscriptions s where s.project_id = project and s.active and 'run.' || status = any (s.event_types)
  union all
  select baton_uuid_v7(), project, 'job', null, job, run, 'run.' || status, j.webhook_url, body
    from jobs j where j.id = job and j.webhook_url is not null;
  get diagnostics fired = row_count;
  return fired;
end
$$;
