-- How the installation stood in each minute, kept for two weeks: what its plots are made of.
create table system_samples (
  -- When the minute began.
  at timestamptz primary key,
  queue_depth integer not null,
  executing integer not null,
  -- Runs that were started and that ended in the minute.
  started integer not null,
  ended integer not null,
  -- From due to started; null when none was.
  start_p50_ms integer,
  start_p95_ms integer,
  database_bytes bigint not null
);
