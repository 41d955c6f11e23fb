-- Managed runs: processes that a server starts itself.

alter table jobs
  add column image_uri text check (length(image_uri) between 1 and 2048),
  add column machine_preset text not null default 'micro' check (machine_preset in (
    'micro', 'small-1x', 'small-2x', 'medium-1x', 'medium-2x', 'large-1x', 'large-2x')),
  add check (execution_mode <> 'managed' or image_uri is not null);

-- The machine time of every attempt of a managed run, and what it cost in millionths of a US dollar.
create table run_compute (
  run_id uuid not null,
  -- The claim of the attempt; nothing of it changes afterwards.
  epoch integer not null,
  preset text not null,
  duration_ms bigint not null check (duration_ms >= 0),
  cost_microusd bigint not null check (cost_microusd >= 0),
  created_at timestamptz not null default now(),
  primary key (run_id, epoch)
);
