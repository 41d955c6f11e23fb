-- Up Migration

-- A named set of variables and secrets that jobs run with; what it does not say itself it takes from its parent.
create table environments (
  id uuid primary key,
  project_id text not null references projects (id),
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9_-]{0,127}$'),
  name text not null check (length(name) between 1 and 255),
  parent_id uuid references environments (id),
  -- Of text, by names of A-Z, 0-9 and _. ENDPOINT_URL takes the place of the endpoint of every job in the environment.
  variables jsonb not null default '{}',
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, slug),
  check (parent_id <> id)
);
create index environments_by_parent on environments (parent_id) where parent_id is not null;

alter table jobs
  add column fallback_endpoint_url text check (length(fallback_endpoint_url) between 1 and 2048),
  add column environment_id uuid references environments (id);
create index jobs_by_environment on jobs (environment_id) where environment_id is not null;

-- Values that only dispatches see, sealed with a key that is not in the database.
create table secrets (
  id uuid primary key,
  project_id text not null references projects (id),
  -- Null is every environment, and jobs in none.
  environment_id uuid references environments (id) on delete cascade,
  -- Null is every job.
  job_id uuid references jobs (id),
  key text not null check (key ~ '^[A-Z][A-Z0-9_]{0,63}$'),
  sealed bytea not null,
  -- The first characters of a long value, to recognize it by; empty for a short one.
  prefix text not null check (length(prefix) <= 4),
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (project_id, environment_id, job_id, key)
);
create index secrets_by_environment on secrets (environment_id) where environment_id is not null;

-- Endpoints that could not be reached several times in a row. There is no row for one that always could.
create table circuits (
  id uuid primary key,
  project_id text not null references projects (id),
  -- Without its query, which may hold a secret.
  endpoint text not null check (length(endpoint) between 1 and 1024),
  state text not null check (state in ('closed', 'open', 'half_open')),
  -- In a row, those of probes included; 0 once it has been reached again.
  failures integer not null check (failures >= 0),
  opened_at timestamptz not null,
  -- Open: from when on one run may try it. Half open: when that run counts as lost.
  retry_at timestamptz,
  updated_at timestamptz not null default now(),
  unique (project_id, endpoint),
  check ((state = 'closed') = (retry_at is null))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index circuits_broken on circuits (retry_at) where state <> 'closed';
create index circuits_to_forget on circuits (updated_at);

-- What calls of language models cost, for reports that do not say it: in millionths of a US dollar for a million tokens.
create table model_prices (
  id uuid primary key,
  project_id text not null references projects (id),
  provider text not null check (length(provider) between 1 and 128),
  model text not null check (length(model) between 1 and 256),
  prompt_microusd bigint not null check (prompt_microusd >= 0),
  completion_microusd bigint not null check (completion_microusd >= 0),
  created_by text not null,
  updated_at timestamptz not null default now(),
  unique (project_id, provider, model)
);
