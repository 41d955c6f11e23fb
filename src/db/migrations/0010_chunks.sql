-- What executors stream: pieces of text, kept several to an event of the type `chunk`, so that one number orders all that a run tells.

-- Bytes of JSON that the run has streamed, counted under the row lock as event_seq is: what bounds it.
alter table runs add column chunk_bytes integer not null default 0;

-- Retention by age: chunks that still have their pieces.
create index run_events_kept_chunks on run_events (created_at) where type = 'chunk' and data ? 'chunks';
