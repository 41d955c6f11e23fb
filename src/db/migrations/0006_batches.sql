-- Up Migration

-- A bulk trigger is stored in chunks. Its row says how far that has come, so that the same trigger under the same key goes on where a
-- crash has cut it off, and knows when it is done.
alter table batches
  -- Names the batch within its project for as long as it is kept.
  add column batch_key text check (length(batch_key) between 1 and 256),
  -- SHA-256 over the items, in hex: the same key with other items is a conflict.
  add column items_hash text,
  -- Items that have been dealt with, from the first one on.
  add column stored integer not null default 0,
  -- Runs that it has made, and items that made none because something is wrong with them.
  add column created integer not null default 0,
  add column failed integer not null default 0,
  add check ((batch_key is null) = (items_hash is null)),
  add check (stored between 0 and total);
update batches b set stored = b.total, created = (select count(*) from runs r where r.batch_id = b.id);
create unique index batches_by_key on batches (project_id, batch_key) where batch_key is not null;
create index batches_by_job on batches (job_id, id desc);
create index batches_by_age on batches (created_at);

-- The items that have no run of their own: refused ones with the reason, others with the run that answers for them, or with what they wait
-- for to become one. The ids of all other runs follow from the id of the batch and the place of the item.
create table batch_items (
  batch_id uuid not null,
  ord integer not null,
  run_id uuid,
  -- When a debounced item becomes a run.
  fire_at timestamptz,
  -- Whether the item is gathered with others into one run.
  buffered boolean not null default false,
  error text check (length(error) <= 1000),
  primary key (batch_id, ord),
  check (num_nonnulls(run_id, fire_at, error, nullif(buffered, false)) = 1)
);
create index batch_items_failed on batch_items (batch_id, ord) where error is not null;

-- How the runs of a batch stand, from the index alone: the status, and the two moments that change with it and never without. In the
-- order of creation within a status, for operations on those that can still be canceled or replayed.
create index runs_by_batch_status on runs (batch_id, status, created_at, id) include (started_at, finished_at)
  where batch_id is not null;
