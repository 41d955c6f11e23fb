-- Up Migration

-- A graph of steps over jobs. What it says is in its versions; this row says which one is current.
create table workflows (
  id uuid primary key,
  project_id text not null references projects (id),
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9_-]{0,127}$'),
  name text not null check (length(name) between 1 and 255),
  description text not null default '',
  enabled boolean not null default true,
  tags jsonb not null default '{}',
  version integer not null default 1,
  version_id text not null unique,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Its runs keep pointing at it, so a deleted one stays as a tombstone.
  deleted_at timestamptz
);
create unique index workflows_slug on workflows (project_id, slug) where deleted_at is null;
create index workflows_by_project on workflows (project_id, id desc) where deleted_at is null;

-- Never changed: a workflow run keeps to the version it was triggered under.
create table workflow_versions (
  workflow_id uuid not null references workflows (id),
  version integer not null,
  version_id text not null unique,
  name text not null,
  description text not null,
  definition jsonb not null,
  definition_hash text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (workflow_id, version)
);

-- One execution. Like runs: narrow, no foreign keys, payload and output apart.
create table workflow_runs (
  id uuid primary key,
  project_id text not null,
  workflow_id uuid not null,
  workflow_version integer not null,
  status text not null check (status in ('pending', 'running', 'paused', 'completed', 'failed', 'timed_out', 'canceled')),
  -- Counts changes: whoever changes it has seen it at this count, or begins again.
  revision integer not null default 0,
  -- The last workflow_run_events.seq given out, under this row's lock.
  event_seq integer not null default 0,
  -- How many workflow runs stand above it.
  nesting integer not null default 0 check (nesting between 0 and 10),
  parent_run_id uuid,
  parent_step_run_id uuid,
  -- Which try of that step it is.
  parent_attempt integer,
  retry_of uuid,
  retry_mode text check (retry_mode in ('from_failed', 'from_step', 'full')),
  retry_from text,
  idempotency_key text check (length(idempotency_key) between 1 and 256),
  triggered_by text not null,
  created_by text not null,
  error text,
  -- The step whose failure ended it.
  failed_step text,
  timeout_secs integer,
  deadline_at timestamptz,
  paused_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default now(),
  check ((retry_of is null) = (retry_mode is null)),
  check ((parent_step_run_id is null) = (parent_attempt is null))
) with (fillfactor = 80);

create index workflow_runs_by_project on workflow_runs (project_id, id desc);
create index workflow_runs_by_status on workflow_runs (project_id, status, id desc);
create index workflow_runs_by_workflow on workflow_runs (workflow_id, id desc);
-- A step asks for its workflow once per try, however often it asks.
create unique index workflow_runs_by_parent on workflow_runs (parent_step_run_id, parent_attempt) where parent_step_run_id is not null;
create index workflow_runs_by_retry on workflow_runs (retry_of) where retry_of is not null;
create unique index workflow_runs_by_idempotency_key on workflow_runs (workflow_id, idempotency_key)
  where idempotency_key is not null and status in ('pending', 'running', 'paused');
create index workflow_runs_due on workflow_runs (deadline_at) where deadline_at is not null and status in ('pending', 'running');
create index workflow_runs_pending on workflow_runs (id) where status = 'pending';
create index workflow_runs_by_age on workflow_runs using brin (created_at) with (autosummarize = on);

create table workflow_run_data (
  workflow_run_id uuid primary key,
  project_id text not null,
  payload jsonb not null,
  payload_hash text not null,
  tags jsonb not null default '{}',
  output jsonb
);
create index workflow_run_data_search on workflow_run_data using gin (payload jsonb_path_ops, tags jsonb_path_ops);

-- One node of one execution.
create table workflow_step_runs (
  id uuid not null unique,
  workflow_run_id uuid not null,
  project_id text not null,
  -- Its place in the definition.
  position integer not null,
  step_ref text not null,
  kind text not null check (kind in ('job', 'map', 'approval', 'wait_for_event', 'sleep', 'sub_workflow', 'condition', 'router')),
  status text not null check (status in ('pending', 'waiting', 'running', 'completed', 'failed', 'skipped', 'canceled')),
  -- Counts starts; the work of each is named by it, so that none is done twice.
  attempt integer not null default 0,
  skip_reason text check (skip_reason in ('condition', 'not_chosen', 'upstream_skipped', 'upstream_failed', 'disabled', 'by_user')),
  -- The steps that a condition or a router chose.
  chosen text[] not null default '{}',
  input jsonb,
  output jsonb,
  error text,
  -- When a sleep is over.
  wake_at timestamptz,
  -- Of a map: how many items it has, and how many of them were started.
  map_total integer,
  map_started integer,
  -- Who decided about it, how, and why.
  decision text check (decision in ('approved', 'declined', 'skipped', 'completed', 'retried')),
  decided_by text,
  decision_reason text,
  decided_at timestamptz,
  -- The workflow run whose result it took over, of a retry.
  kept_from uuid,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (workflow_run_id, position)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create unique index workflow_step_runs_by_ref on workflow_step_runs (workflow_run_id, step_ref);
create index workflow_step_runs_to_wake on workflow_step_runs (wake_at) where wake_at is not null;
-- What the reaper looks after.
create index workflow_step_runs_active on workflow_step_runs (id) where status in ('running', 'waiting');

-- The story of a workflow run, numbered without gaps.
create table workflow_run_events (
  workflow_run_id uuid not null,
  seq integer not null,
  -- Null for what happens to the whole.
  step_ref text,
  type text not null check (type in ('run', 'step', 'decision', 'progress')),
  message text not null,
  from_status text,
  to_status text,
  attempt integer,
  actor text,
  data jsonb,
  created_at timestamptz not null default now(),
  primary key (workflow_run_id, seq)
);
create unique index workflow_run_events_one_ending on workflow_run_events (workflow_run_id)
  where type = 'run' and to_status in ('completed', 'failed', 'timed_out', 'canceled');

-- The work of a step is runs: one per try ('<attempt>'), or of a map one per item ('<attempt>:<index>'), never two of a name.
create unique index runs_by_step_key on runs (workflow_step_run_id, spawn_key) where workflow_step_run_id is not null;
create index runs_by_step_active on runs (workflow_step_run_id)
  where workflow_step_run_id is not null and status in ('delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused');
create index runs_by_step_failed on runs (workflow_step_run_id)
  where workflow_step_run_id is not null
    and status in ('failed', 'timed_out', 'crashed', 'system_failed', 'canceled', 'expired', 'dead_letter');

-- A step can wait for an event as a run does.
alter table waits
  alter column run_id drop not null,
  add column workflow_run_id uuid,
  add column workflow_step_run_id uuid,
  add column step_attempt integer,
  drop constraint waits_timeout_secs_check,
  add constraint waits_timeout_secs_check check (timeout_secs between 1 and 31622400),
  add check ((run_id is null) = (workflow_step_run_id is not null)),
  add check ((workflow_step_run_id is null) = (workflow_run_id is null)),
  add check ((workflow_step_run_id is null) = (step_attempt is null));
create unique index waits_by_step on waits (workflow_step_run_id, step_attempt) where workflow_step_run_id is not null;
