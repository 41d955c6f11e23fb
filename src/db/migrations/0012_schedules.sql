-- Up Migration

-- A cron expression or a moment that triggers a job or a workflow.
create table schedules (
  id uuid primary key,
  project_id text not null references projects (id),
  slug text check (slug ~ '^[a-z0-9][a-z0-9_-]{0,127}$'),
  name text not null check (length(name) between 1 and 255),
  job_id uuid references jobs (id),
  workflow_id uuid references workflows (id),
  payload jsonb not null default 'null',
  tags jsonb not null default '{}',
  metadata jsonb not null default '{}',
  priority integer not null default 0 check (priority between 0 and 10),
  concurrency_key text,
  cron text,
  run_at timestamptz,
  timezone text not null default 'UTC',
  status text not null default 'active' check (status in ('active', 'paused', 'completed', 'canceled')),
  overlap_policy text not null default 'allow' check (overlap_policy in ('allow', 'skip', 'cancel_previous')),
  catch_up text not null default 'skip' check (catch_up in ('skip', 'one', 'all')),
  catch_up_limit integer not null default 100 check (catch_up_limit between 1 and 1000),
  grace_secs integer not null default 60 check (grace_secs between 0 and 3600),
  -- The first moment that has not been dealt with; null unless it is active.
  next_fire_at timestamptz,
  last_fired_at timestamptz,
  fire_count integer not null default 0,
  missed_count integer not null default 0,
  paused_at timestamptz,
  ended_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((job_id is null) <> (workflow_id is null)),
  check ((cron is null) <> (run_at is null)),
  check ((next_fire_at is not null) = (status = 'active')),
  check ((ended_at is not null) = (status in ('completed', 'canceled')))
) with (fillfactor = 80);
create unique index schedules_slug on schedules (project_id, slug) where slug is not null;
create index schedules_due on schedules (next_fire_at) where status = 'active';
create index schedules_by_project on schedules (project_id, id desc);
create index schedules_by_job on schedules (job_id) where job_id is not null;
create index schedules_by_workflow on schedules (workflow_id) where workflow_id is not null;
create index schedules_ended on schedules (ended_at) where ended_at is not null;

-- One moment of a schedule and what came of it: the primary key is why none fires twice. Stored in the transaction that moves the
-- schedule on; the run is made afterwards, under an id that is known from then on, so that trying again makes no second one.
create table schedule_fires (
  -- UUIDv7 of the moment: in the order of moments.
  id uuid not null unique,
  schedule_id uuid not null,
  fire_at timestamptz not null,
  project_id text not null,
  outcome text not null check (outcome in ('pending', 'started', 'skipped_overlap', 'missed', 'failed')),
  -- Of a moment to come true: the run that it makes. Of one that came to nothing: null.
  run_id uuid,
  workflow_run_id uuid,
  -- Who asked for it; null for a moment of the schedule itself.
  requested_by text,
  error text check (length(error) <= 1000),
  -- For `missed`: how many moments, from this one to the last of them.
  missed_count integer not null default 0,
  missed_until timestamptz,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (schedule_id, fire_at)
) with (fillfactor = 80);
create index schedule_fires_by_schedule on schedule_fires (schedule_id, id desc);
create index schedule_fires_pending on schedule_fires (fire_at) where outcome = 'pending';
create index schedule_fires_pending_of on schedule_fires (schedule_id, fire_at) where outcome = 'pending';
create index schedule_fires_started on schedule_fires (schedule_id, fire_at desc) where outcome = 'started';
create index schedule_fires_by_age on schedule_fires using brin (created_at) with (autosummarize = on);
