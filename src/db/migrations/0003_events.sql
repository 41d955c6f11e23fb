-- Up Migration

-- Waits for an event from outside: somebody sends a payload to its key. The key is compared byte by byte, so that a range of keys is
-- what starts with a prefix.
alter table waits
  drop constraint waits_kind_check,
  add constraint waits_kind_check check (kind in ('child', 'event')),
  add column event_key text collate "C" check (length(event_key) between 1 and 512),
  -- What the wait was asked for with, and what was sent.
  add column request_payload jsonb,
  add column response_payload jsonb,
  add column timeout_secs integer check (timeout_secs between 1 and 2592000),
  -- Who is told that somebody waits, and how that went.
  add column notify_url text check (length(notify_url) between 1 and 2048),
  add column notify_status text check (notify_status in ('pending', 'sent', 'failed')),
  add column sent_by text,
  add column error text,
  add check ((kind = 'event') = (event_key is not null)),
  add check ((notify_url is null) = (notify_status is null));

-- A key names one thing while somebody waits for it, and may be used again afterwards.
create unique index waits_by_event_key on waits (project_id, event_key) where event_key is not null and status = 'waiting';
-- The newest wait of a key, whatever became of it.
create index waits_by_event on waits (project_id, event_key, id desc) where event_key is not null;
-- Lists, newest first, and by status. Over another condition than the two above, so that a statement which looks for a key, planned
-- while the table is empty and every index costs the same, cannot choose one of these and walk through a whole project ever after.
create index waits_by_project on waits (project_id, id desc) where kind = 'event';
create index waits_by_status on waits (project_id, status, id desc) where kind = 'event';

-- What a wait brings is kept under 'event:' or 'run:' and its key, which is longer than the keys that executors choose.
alter table run_state
  drop constraint run_state_state_key_check,
  add constraint run_state_state_key_check check (length(state_key) between 1 and 518);
