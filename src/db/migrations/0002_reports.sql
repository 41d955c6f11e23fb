-- What an executor reports about its run besides lines and outputs: checkpoints, model usage, tool calls, state.

-- The sequence of the newest checkpoint, given out under the row lock as event_seq is; the claim reads it to know whether there is one.
alter table runs add column checkpoint_seq integer not null default 0;

-- A continuation is named within the run it continues, as a child is within its parent, so that asking again meets it.
create unique index runs_by_continuation_key on runs (continuation_of, spawn_key) where continuation_of is not null and spawn_key is not null;

-- Where a run can go on after its attempt has ended; the newest is handed to the next attempt.
create table run_checkpoints (
  id uuid not null,
  run_id uuid not null,
  sequence integer not null check (sequence > 0),
  source text not null default 'sdk' check (length(source) between 1 and 64),
  state jsonb not null,
  created_at timestamptz not null default now(),
  primary key (run_id, sequence)
);

-- Calls of language models, and what they cost in millionths of a US dollar.
create table run_usage (
  id uuid not null,
  run_id uuid not null,
  -- That of its event: rows of one millisecond keep their order, which ids do not promise.
  seq integer not null,
  provider text not null check (length(provider) between 1 and 128),
  model text not null check (length(model) between 1 and 256),
  prompt_tokens integer not null default 0 check (prompt_tokens >= 0),
  completion_tokens integer not null default 0 check (completion_tokens >= 0),
  total_tokens integer not null default 0 check (total_tokens >= 0),
  cost_microusd bigint not null default 0 check (cost_microusd >= 0),
  created_at timestamptz not null default now(),
  primary key (run_id, seq)
);

-- Calls of tools, with what went in and came out.
create table run_tool_calls (
  id uuid not null,
  run_id uuid not null,
  -- That of its event.
  seq integer not null,
  tool_name text not null check (length(tool_name) between 1 and 256),
  input jsonb,
  output jsonb,
  duration_ms integer check (duration_ms >= 0),
  status text check (length(status) between 1 and 64),
  created_at timestamptz not null default now(),
  primary key (run_id, seq)
);

-- What a run keeps from one attempt to the next, by key.
create table run_state (
  run_id uuid not null,
  state_key text not null check (length(state_key) between 1 and 256),
  value jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (run_id, state_key)
);
