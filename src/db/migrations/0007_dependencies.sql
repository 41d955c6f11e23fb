-- Up Migration

-- Jobs whose runs wait until the latest ended run of another job is as they need it.
create table job_dependencies (
  id uuid primary key,
  project_id text not null references projects (id),
  job_id uuid not null references jobs (id),
  depends_on_job_id uuid not null references jobs (id),
  condition text not null default 'completed' check (condition in ('completed', 'failed', 'any')),
  created_by text not null,
  -- When it was stored, not when its transaction began: that may have waited for another one.
  created_at timestamptz not null default clock_timestamp(),
  check (job_id <> depends_on_job_id),
  unique (job_id, depends_on_job_id)
);
create index job_dependencies_by_target on job_dependencies (depends_on_job_id, job_id);

-- How many other jobs a job depends on, and how many depend on it: what a trigger and an ending need to know to do nothing. Counts,
-- because a count is right whoever else changes it at the same time.
alter table jobs
  add column dependency_count integer not null default 0 check (dependency_count >= 0),
  add column dependent_count integer not null default 0 check (dependent_count >= 0);

-- What a run shares with the runs of other jobs that belong to the same piece of work.
alter table runs add column dependency_key text check (length(dependency_key) between 1 and 256);

-- The latest ended run of a job: of all, of an idempotency key, of a dependency key. Runs get there when they end, and not before.
create index runs_ended on runs (job_id, finished_at desc) where finished_at is not null;
create index runs_ended_by_idempotency_key on runs (job_id, idempotency_key, finished_at desc)
  where finished_at is not null and idempotency_key is not null;
create index runs_ended_by_dependency_key on runs (job_id, dependency_key, finished_at desc)
  where finished_at is not null and dependency_key is not null;

-- A run that waits for what its job depends on. Whether it may go on is the same for all runs of its job with the same key, so that is
-- what is looked up: its idempotency key, else its dependency key, else nothing. One with a time to live expires by it, others wait for
-- as long as it takes.
alter table waits
  drop constraint waits_kind_check,
  add constraint waits_kind_check check (kind in ('child', 'event', 'dependency')),
  alter column expires_at drop not null,
  add column job_id uuid,
  add column match_by text check (match_by in ('idempotency_key', 'dependency_key', 'any')),
  add column match_key text check (length(match_key) <= 256),
  add check (kind = 'dependency' or expires_at is not null),
  add check ((kind = 'dependency') = (job_id is not null)),
  add check ((job_id is null) = (match_by is null) and (job_id is null) = (match_key is null));
create index waits_by_dependency on waits (job_id, match_by, match_key) where kind = 'dependency' and status = 'waiting';

-- A role is a name for scopes; a key keeps both, since what it may do was decided when it was made.
alter table api_keys
  add column role text check (role in ('admin', 'operator', 'viewer', 'triggerer')),
  -- The key that took its place, and until when it still works beside that one.
  add column rotated_to uuid references api_keys (id),
  add column grace_ends_at timestamptz,
  add check ((rotated_to is null) = (grace_ends_at is null));
