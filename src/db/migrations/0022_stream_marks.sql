-- Up Migration

-- How far executors that number what they stream have come, so that what they send again is not stored twice.
create table run_streams (
  run_id uuid not null,
  stream_id text not null check (length(stream_id) between 1 and 128),
  -- The claim that streamed last; each counts from the beginning.
  epoch integer not null,
  -- The number of its last request that was stored.
  sequence integer not null check (sequence > 0),
  primary key (run_id, stream_id)
) with (fillfactor = 50);
