-- Up Migration

-- Tenants. Ids are slugs chosen by people; every other row belongs to one of these.
create table projects (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  name text not null check (length(name) between 1 and 255),
  -- Null is unlimited.
  max_executing_runs integer check (max_executing_runs > 0),
  max_queued_runs integer check (max_queued_runs > 0),
  created_at timestamptz not null default now()
);

-- Only the SHA-256 of a key is kept; the prefix is for people to recognise it by.
create table api_keys (
  id uuid primary key,
  project_id text not null references projects (id),
  name text not null check (length(name) between 1 and 255),
  prefix text not null,
  hash bytea not null unique check (length(hash) = 32),
  scopes text[] not null check (cardinality(scopes) > 0),
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_by_project on api_keys (project_id, created_at desc, id desc);

create table jobs (
  id uuid primary key,
  project_id text not null references projects (id),
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9_-]{0,127}$'),
  name text not null check (length(name) between 1 and 255),
  description text not null default '',
  enabled boolean not null default true,
  execution_mode text not null default 'http' check (execution_mode in ('http', 'managed')),
  endpoint_url text,
  max_attempts integer not null default 3 check (max_attempts between 1 and 100),
  timeout_secs integer not null default 300 check (timeout_secs between 1 and 86400),
  -- How long an executor that answered 202 may stay silent.
  heartbeat_timeout_secs integer not null default 60 check (heartbeat_timeout_secs between 1 and 86400),
  retry_strategy text not null default 'exponential' check (retry_strategy in ('exponential', 'linear', 'fixed', 'custom')),
  retry_initial_delay_secs integer not null default 1 check (retry_initial_delay_secs between 0 and 3600),
  retry_max_delay_secs integer not null default 3600 check (retry_max_delay_secs between 1 and 3600),
  retry_delays_secs integer[] not null default '{}',
  retry_priority_boost integer not null default 0 check (retry_priority_boost between 0 and 10),
  poison_pill_threshold integer check (poison_pill_threshold > 1),
  max_concurrency integer check (max_concurrency > 0),
  max_concurrency_per_key integer check (max_concurrency_per_key > 0),
  run_ttl_secs integer check (run_ttl_secs > 0),
  payload_schema jsonb,
  result_schema jsonb,
  tags jsonb not null default '{}',
  default_run_metadata jsonb not null default '{}',
  signing_secret text not null,
  version integer not null default 1,
  version_id text not null unique,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Runs keep pointing at their job, so a deleted one stays as a tombstone.
  deleted_at timestamptz,
  check (execution_mode <> 'http' or endpoint_url is not null),
  check (retry_strategy <> 'custom' or cardinality(retry_delays_secs) > 0)
);
create unique index jobs_slug on jobs (project_id, slug) where deleted_at is null;
create index jobs_by_project on jobs (project_id, created_at desc, id desc) where deleted_at is null;

-- What a job said at each version; a run remembers the version it was triggered under.
create table job_versions (
  job_id uuid not null references jobs (id),
  version integer not null,
  version_id text not null unique,
  definition jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (job_id, version)
);

create table batches (
  id uuid primary key,
  project_id text not null references projects (id),
  job_id uuid not null references jobs (id),
  total integer not null,
  created_by text not null,
  created_at timestamptz not null default now()
);
create index batches_by_project on batches (project_id, created_at desc, id desc);

-- The hot table: narrow, no foreign keys (a check per row costs more than the insert; the trigger statement reads job and project
-- itself), room on each page for in-page updates of what no index covers.
create table runs (
  id uuid primary key,
  project_id text not null,
  job_id uuid not null,
  status text not null check (status in (
    'delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused', 'completed', 'failed', 'timed_out',
    'crashed', 'system_failed', 'canceled', 'expired', 'dead_letter')),
  -- Why a queued run is not claimable although nobody runs it: 'retry' until wake_at, or 'limit:<key>' until a slot is free.
  hold text,
  -- What people see: restarts at 1 on dlq-replay.
  attempt integer not null default 1,
  -- Counts claims, never goes back; the fence in every run token.
  epoch integer not null default 0,
  -- The last run_events.seq given out, under this row's lock.
  event_seq integer not null default 0,
  priority integer not null default 0 check (priority between 0 and 10),
  queued_at timestamptz,
  -- When a timer must look at this run: the start of a delayed one, the next try of a held one.
  wake_at timestamptz,
  scheduled_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  heartbeat_at timestamptz,
  next_retry_at timestamptz,
  expires_at timestamptz,
  timeout_secs integer not null,
  timeout_secs_override integer,
  max_attempts_override integer,
  retry_backoff text,
  retry_initial_delay_secs integer,
  retry_max_delay_secs integer,
  job_version integer not null,
  job_version_id text not null,
  concurrency_key text check (length(concurrency_key) between 1 and 128),
  idempotency_key text check (length(idempotency_key) between 1 and 256),
  triggered_by text not null,
  created_by text not null,
  parent_run_id uuid,
  -- Names a child within its parent, so that a parent that starts over meets the child it already has.
  spawn_key text check (length(spawn_key) between 1 and 256),
  -- 0 for a run nobody spawned; bounded, so that a job that spawns itself ends.
  spawn_depth integer not null default 0 check (spawn_depth between 0 and 20),
  continuation_of uuid,
  lineage_depth integer not null default 0,
  batch_id uuid,
  workflow_step_run_id uuid,
  debug_mode boolean not null default false,
  error text,
  error_class text,
  execution_trace jsonb,
  created_at timestamptz not null default now(),
  -- The same instant in microseconds: clients' dates carry milliseconds, and the documented cursor is a creation time without ties.
  created_us bigint not null generated always as (
    (extract(epoch from created_at - timestamptz '1970-01-01 00:00:00+00') * 1000000)::bigint) stored
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
        autovacuum_analyze_scale_factor = 0.02);

-- Lists, newest first; by status; by job.
create index runs_by_project on runs (project_id, created_at desc, id desc);
create index runs_by_status on runs (project_id, status, created_at desc, id desc);
create index runs_by_job on runs (job_id, created_at desc, id desc);
create index runs_by_batch on runs (batch_id, created_at, id) where batch_id is not null;
create index runs_by_parent on runs (parent_run_id, created_at, id) where parent_run_id is not null;
create index runs_by_continuation on runs (continuation_of) where continuation_of is not null;
create unique index runs_by_spawn_key on runs (parent_run_id, spawn_key) where spawn_key is not null;
-- One live run per idempotency key; reusable once that run is final.
create unique index runs_by_idempotency_key on runs (job_id, idempotency_key)
  where idempotency_key is not null and status in ('delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused');
-- The queue, in the order of claiming.
create index runs_due on runs (priority desc, created_at, id) where status = 'queued' and hold is null;
-- Runs held back, by what holds them, in the order of promotion.
create index runs_held on runs (hold, priority desc, created_at, id) where status = 'queued' and hold is not null;
create index runs_to_wake on runs (wake_at) where wake_at is not null;
create index runs_to_expire on runs (expires_at) where expires_at is not null and status in ('delayed', 'queued');
-- Retention. A block range index costs an ending nothing, and what is deleted together was created together.
create index runs_by_age on runs using brin (created_at) with (autosummarize = on);

-- What is large or searched, apart from the hot row, so that status changes neither copy it nor touch its index.
create table run_data (
  run_id uuid primary key,
  project_id text not null,
  payload jsonb not null,
  payload_hash text not null,
  metadata jsonb not null default '{}',
  tags jsonb not null default '{}',
  traceparent text
);
create index run_data_search on run_data using gin
  (payload jsonb_path_ops, metadata jsonb_path_ops, tags jsonb_path_ops);

create table run_results (
  run_id uuid primary key,
  epoch integer not null,
  result jsonb not null
);

-- The whole story of a run: one row per status change, log line, progress report or error, numbered without gaps.
create table run_events (
  run_id uuid not null,
  seq integer not null,
  type text not null,
  level text not null default 'info' check (level in ('debug', 'info', 'warn', 'error')),
  message text not null,
  data jsonb,
  -- Set on status changes alone.
  from_status text,
  to_status text,
  attempt integer not null,
  epoch integer not null,
  created_at timestamptz not null default now(),
  primary key (run_id, seq)
);
-- A second ending of one claim is impossible, not just untested.
create unique index run_events_one_ending on run_events (run_id, epoch) where to_status in
  ('completed', 'failed', 'timed_out', 'crashed', 'system_failed', 'canceled', 'expired', 'dead_letter');

-- Named values an executor reports while it runs.
create table run_outputs (
  id uuid not null unique,
  run_id uuid not null,
  output_key text not null check (length(output_key) between 1 and 256),
  schema jsonb,
  value jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (run_id, output_key)
);

-- Who holds a claimed run and until when. Heartbeats write here alone: narrow rows, no index on what changes, so every update stays
-- in its page (6.6 times less WAL than an indexed column on runs).
create table run_leases (
  run_id uuid primary key,
  epoch integer not null,
  -- The server process that dispatches it; null once an executor answered 202 and reports by itself.
  holder uuid,
  -- The slots this claim took, so that exactly these are given back, whatever the job says by then.
  limit_keys text[] not null default '{}',
  lease_until timestamptz not null,
  deadline_at timestamptz not null,
  heartbeat_at timestamptz
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What a waiting run waits for; it goes on when its last pending wait ends.
create table waits (
  id uuid primary key,
  project_id text not null,
  run_id uuid not null,
  kind text not null check (kind in ('child')),
  child_run_id uuid,
  status text not null default 'waiting' check (status in ('waiting', 'received', 'timed_out', 'canceled')),
  expires_at timestamptz not null,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  check ((kind = 'child') = (child_run_id is not null))
);
create unique index waits_by_child on waits (child_run_id) where status = 'waiting';
create index waits_by_run on waits (run_id);
create index waits_to_expire on waits (expires_at) where status = 'waiting';

-- Slots in use per limit: 'job:<id>', 'key:<job id>:<concurrency key>', 'project:<id>'.
create table limits (
  key text primary key,
  used integer not null default 0 check (used >= 0),
  -- As the last claim or recount saw it; null until then.
  capacity integer,
  -- Set by a claim that left a run held for this limit, seen by whoever frees a slot next.
  has_waiters boolean not null default false
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The server processes on this database, and the graphile-worker pool each one runs.
create table instances (
  id uuid primary key,
  role text not null check (role in ('all', 'api', 'worker')),
  pool_id text,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now()
);
