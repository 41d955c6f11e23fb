-- Up Migration

-- A batch is what the actions API calls a run: it has a number, a mode, a status that lists are filtered by, and somebody to call back.
alter table batches
  add column number serial,
  -- 'live' when its caller waits for the result of its one item.
  add column mode text not null default 'async' check (mode in ('async', 'live')),
  -- What every item gets beside its own payload.
  add column parameters jsonb,
  add column callback_url text check (length(callback_url) between 1 and 2048),
  add column callback_headers jsonb,
  add column callback_on text check (callback_on in ('all', 'final')),
  -- The schedule that made it.
  add column schedule_id uuid,
  add column canceled_at timestamptz,
  -- How often it went on after it was stopped or blocked.
  add column resumes integer not null default 0,
  add column updated_at timestamptz not null default now(),
  -- Its status once everything has ended; null before, and while something goes on again.
  add column ended_status text check (ended_status in ('invalid', 'stopped', 'failed', 'partial_succeeded', 'succeeded')),
  add check ((callback_url is null) = (callback_on is null)),
  add check (callback_headers is null or callback_url is not null);
update batches set updated_at = created_at;
create unique index batches_by_number on batches (number);
create index batches_by_ended on batches (project_id, ended_status, created_at desc, id desc);
create index batches_open on batches (id) where ended_status is null;
create index batches_by_schedule on batches (schedule_id, id desc) where schedule_id is not null;
-- The one probe that an ending costs where nobody is called back run by run.
create index batches_calling on batches (id) where callback_on = 'all' and canceled_at is null and ended_status is null;

-- Callbacks of batches are deliveries like all others.
alter table webhook_deliveries
  add column batch_id uuid,
  drop constraint webhook_deliveries_kind_check,
  add constraint webhook_deliveries_kind_check check (kind in ('subscription', 'job', 'test', 'event_notice', 'batch_callback')),
  add check ((kind = 'batch_callback') = (batch_id is not null));
create index webhook_deliveries_by_batch on webhook_deliveries (batch_id, id desc) where batch_id is not null;
create index webhook_deliveries_of_batches on webhook_deliveries (project_id, id desc) where batch_id is not null;
create index webhook_deliveries_replays on webhook_deliveries (replay_of) where replay_of is not null;

-- What a callback says of an error, in the words of the actions API.
create function baton_callback_error(message text, class text, ref uuid) returns jsonb language sql immutable as $$
  select case when message is not null then jsonb_build_object(
    'error_label', case class when 'auth' then 'STATUS_403' when 'rate_limited' then 'STATUS_429' else 'GENERIC_ERROR' end,
    'message', case when length(message) > 1000 then left(message, 1000) || '…' else message end,
    'error_ref', ref, 'status_code', 424, 'params', '{}'::jsonb) end
$$;

-- Stores a callback of one run of a batch that has ended. A function for the reason that baton_fire_webhooks is one.
create function baton_fire_run_callback(
  batch uuid, project text, job uuid, run uuid, status text, error text, error_class text, result jsonb
) returns integer language plpgsql as $$
declare
  -- Bytes, so that the whole body stays under 20 kB: of a result, and of the input that it belongs to.
  max_result constant integer := 10000;
  max_input constant integer := 4000;
  ref constant uuid := baton_uuid_v7();
  url text;
  input jsonb;
  custom text;
  custom_data jsonb;
  body jsonb;
begin
  select b.callback_url into url from batches b where b.id = batch;
  select d.payload, d.metadata ->> 'custom_data' into input, custom from run_data d where d.run_id = run;
  begin
    custom_data := custom::jsonb;
  exception when data_exception then
    -- Whoever triggers the job otherwise may keep any text under this name.
    custom_data := to_jsonb(custom);
  end;
  body := jsonb_build_object(
    'callback_ref_uid', ref, 'run', jsonb_build_object('run_uid', batch, 'batch_uid', run, 'status', 'RUNNING'),
    'results', case when status = 'completed' then jsonb_build_array(result) else '[]'::jsonb end,
    'error', case when status <> 'completed' then baton_callback_error(coalesce(error, status), error_class, run) end,
    'custom_data', custom_data, 'input', input);
  if octet_length(result::text) > max_result then
    body := body || jsonb_build_object('results', '[]'::jsonb, 'results_truncated', true, 'results_url', '/v1/runs/' || batch || '/outputs');
  end if;
  if octet_length(input::text) > max_input then body := body || jsonb_build_object('input', null, 'input_truncated', true); end if;
  insert into webhook_deliveries (id, project_id, kind, job_id, run_id, batch_id, event_type, webhook_url, payload)
  values (ref, project, 'batch_callback', job, run, batch, 'batch.run_ended', url, body);
  return 1;
end
$$;

-- Stores the callback of a batch that has ended.
create function baton_fire_batch_callback(batch uuid, project text, job uuid, status text, url text) returns integer language plpgsql as $$
declare
  ref constant uuid := baton_uuid_v7();
begin
  insert into webhook_deliveries (id, project_id, kind, job_id, batch_id, event_type, webhook_url, payload)
  values (ref, project, 'batch_callback', job, batch, 'batch.ended', url, jsonb_build_object(
    'callback_ref_uid', ref, 'run', jsonb_build_object('run_uid', batch, 'batch_uid', null, 'status', upper(status)), 'results', '[]'::jsonb,
    'results_url', '/v1/runs/' || batch || '/outputs', 'custom_data', null, 'input', null,
    'error', baton_callback_error(case status
      when 'failed' then 'no input has succeeded' when 'partial_succeeded' then 'some inputs have failed'
      when 'invalid' then 'every input was refused' when 'stopped' then 'the run was stopped' end, null, batch)));
  return 1;
end
$$;

-- A schedule that makes a batch of every moment: its items, in chunks that are stored one after the other.
alter table schedules
  add column input_count integer check (input_count between 1 and 100000),
  add column input_bytes integer,
  -- What is said of each batch as a whole: parameters, and whom to call back.
  add column batch_options jsonb,
  add check ((input_count is null) = (input_bytes is null)),
  add check (input_count is null or (job_id is not null and overlap_policy = 'allow'));
create index schedules_with_inputs on schedules (project_id) where input_count is not null;
create table schedule_inputs (
  schedule_id uuid not null,
  -- The place of the first of its items.
  ord integer not null,
  items jsonb not null,
  primary key (schedule_id, ord)
);
-- The batch that a moment makes, instead of a run.
alter table schedule_fires add column batch_id uuid;
-- Batches of schedules that are yet to be stored.
create index batches_to_fill on batches (id) where schedule_id is not null and stored < total and canceled_at is null;
