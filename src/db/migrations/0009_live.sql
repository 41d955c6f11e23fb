-- The feed behind the live lists: which runs of a project changed since a reader last looked.

-- Events that change what a list of runs shows carry their project and the transaction that wrote them; one event per change, other
-- events have neither and are in no further index. The transaction, because a reader that knows which transactions it has seen can never
-- pass over one that commits late, as it would with a number or a time.
alter table run_events
  add column project_id text,
  add column xid bigint,
  add check ((project_id is null) = (xid is null));
create index run_events_feed on run_events (project_id, xid) where project_id is not null;

-- The rare changes that no event tells of: runs that were deleted or lost their idempotency key, a job whose slug is another now. Kept
-- for minutes.
create table run_changes (
  project_id text not null,
  xid bigint not null,
  -- The status before; 'any' when it is not runs that changed but what filters say of them.
  was text not null,
  run_ids uuid[] not null,
  created_at timestamptz not null default now(),
  primary key (project_id, xid, was)
);
