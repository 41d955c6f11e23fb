-- Up Migration

-- What stands between a trigger and its run. Null is no limit, everywhere.
alter table projects
  add column max_jobs integer check (max_jobs > 0),
  add column max_active_event_triggers integer check (max_active_event_triggers > 0),
  add column max_daily_cost_microusd bigint check (max_daily_cost_microusd > 0),
  add column max_cost_per_run_microusd bigint check (max_cost_per_run_microusd > 0);

alter table jobs
  add column rate_limit_max integer check (rate_limit_max > 0),
  add column rate_limit_window_secs integer check (rate_limit_window_secs between 1 and 86400),
  add column dedup_window_secs integer check (dedup_window_secs between 1 and 604800),
  add column debounce_window_secs integer check (debounce_window_secs between 1 and 86400),
  add column batch_window_secs integer check (batch_window_secs between 1 and 86400),
  add column batch_max_size integer check (batch_max_size between 1 and 1000),
  add column execution_window_cron text check (length(execution_window_cron) between 1 and 256),
  add column timezone text not null default 'UTC' check (length(timezone) between 1 and 64),
  add column version_policy text not null default 'pin' check (version_policy in ('pin', 'latest', 'minor')),
  -- Named, because the domain turns them into words.
  add constraint jobs_rate_limit check ((rate_limit_max is null) = (rate_limit_window_secs is null)),
  add constraint jobs_gathering check (debounce_window_secs is null or batch_window_secs is null),
  add constraint jobs_batch_size check (batch_max_size is null or batch_window_secs is not null);

-- Whether whoever made the version says that runs of the version before may go on with it.
alter table job_versions add column backwards_compatible boolean not null default false;

-- What the run has cost, in millionths of a US dollar; null costs no bytes, and most runs report no cost. On the run, because whether a
-- budget is exceeded is decided under the run's row lock.
alter table runs add column cost_microusd bigint;

-- How much of its rate limit a job has used. The window begins with the first trigger after the last one ended. One row for a job, so
-- that a trigger costs the same however high the limit is.
create table trigger_rates (
  job_id uuid primary key,
  used integer not null check (used > 0),
  ends_at timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index trigger_rates_to_expire on trigger_rates (ends_at);

-- The run that answers another trigger of its job with the same payload, until the window of the job ends.
create table trigger_payloads (
  job_id uuid not null,
  payload_hash text not null,
  run_id uuid not null,
  expires_at timestamptz not null,
  primary key (job_id, payload_hash)
);
create index trigger_payloads_to_expire on trigger_payloads (expires_at);

-- Triggers that have been taken on and have no run yet: the last one of a debounce key, or those that are gathered into one run.
create table trigger_buffers (
  job_id uuid not null,
  kind text not null check (kind in ('debounce', 'batch')),
  -- Empty for triggers without a key, which share one buffer.
  buffer_key text not null check (length(buffer_key) <= 128),
  project_id text not null,
  -- When it becomes a run.
  fire_at timestamptz not null,
  -- The run it becomes, as the last trigger described it.
  run json not null,
  -- How many payloads a batch has, and how many bytes they are.
  size integer not null check (size > 0),
  bytes integer not null check (bytes >= 0),
  primary key (job_id, kind, buffer_key)
);
create index trigger_buffers_due on trigger_buffers (fire_at);

-- The payloads of batches, in the order of their triggers.
create table trigger_buffer_items (
  id bigserial primary key,
  job_id uuid not null,
  buffer_key text not null,
  -- A repeated trigger with the same key adds nothing while the batch gathers.
  idempotency_key text check (length(idempotency_key) between 1 and 256),
  payload json not null
);
create index trigger_buffer_items_by_buffer on trigger_buffer_items (job_id, buffer_key, id);
create unique index trigger_buffer_items_by_idempotency_key on trigger_buffer_items (job_id, buffer_key, idempotency_key)
  where idempotency_key is not null;

-- What the runs of a project have cost on a day of UTC.
create table project_costs (
  project_id text not null,
  day date not null,
  cost_microusd bigint not null check (cost_microusd >= 0),
  primary key (project_id, day)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index project_costs_by_day on project_costs (day);
