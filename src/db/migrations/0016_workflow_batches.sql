-- Up Migration

-- A batch is a workflow run whose work is runs of its own workflow, one for each item of its payload.
alter table workflow_runs
  add column batch_total integer check (batch_total between 1 and 10000),
  -- How many of them may go on at once, and how many were started.
  add column batch_parallel integer check (batch_parallel between 1 and 10000),
  add column batch_started integer check (batch_started between 0 and batch_total),
  -- Of one of them: which item it is for.
  add column batch_index integer check (batch_index >= 0),
  -- When it is not the whole workflow that runs: the step it was triggered for, which runs with what that depends on.
  add column partial_step text,
  add check ((batch_total is null) = (batch_parallel is null)),
  add check ((batch_total is null) = (batch_started is null)),
  add check (batch_index is null or (parent_run_id is not null and parent_step_run_id is null));

-- An item has one run, however often it is begun. How items stand is counted from the index alone.
create unique index workflow_runs_by_item on workflow_runs (parent_run_id, batch_index) include (status) where batch_index is not null;
create index workflow_runs_below on workflow_runs (parent_run_id, id) where parent_run_id is not null;
-- What the reaper looks after.
create index workflow_runs_batches on workflow_runs (id) where batch_total is not null and status = 'running';
create index workflow_runs_items on workflow_runs (id) where batch_index is not null and status in ('pending', 'running', 'paused');
