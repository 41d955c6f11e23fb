import { REPORTING_STATUSES } from './record-statement.ts';
import { sqlList } from './transition-statement.ts';

/** Bytes of JSON that one run may stream in all. */
export const MAX_RUN_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Appends events of the type `chunk`, each with several pieces. As in `recordSql`, runs are locked once and numbers are read from the
 * locked row; what would take a run beyond {@link MAX_RUN_CHUNK_BYTES} is answered with `stands` and without a number. An event that its
 * executor numbers is stored if the number is higher than the last one of its stream, and else answered as `repeated`: the upsert reads
 * what was committed last, whatever the snapshot, and may meet each stream of a run once.
 */
export const CHUNK_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (
    ord int, run_id uuid, project_id text, epoch int, message text, data jsonb, bytes int, stream_id text, sequence int)
), locked as materialized (
  select i.*, r.status as run_status, r.epoch as run_epoch, r.attempt, r.event_seq, r.chunk_bytes
    from input i join runs r on r.id = i.run_id and r.project_id = i.project_id order by r.id for update of r
), fenced as materialized (
  select l.*, l.chunk_bytes + sum(l.bytes) over (partition by l.run_id order by l.ord) as total
    from locked l where l.epoch = l.run_epoch and l.run_status in (${sqlList(REPORTING_STATUSES)})
), marked as (
  insert into run_streams as s (run_id, stream_id, epoch, sequence)
  select f.run_id, f.stream_id, f.epoch, f.sequence from fenced f
   where f.sequence is not null and f.total <= ${MAX_RUN_CHUNK_BYTES} order by f.run_id, f.stream_id
  on conflict (run_id, stream_id) do update set epoch = excluded.epoch, sequence = excluded.sequence
   where s.epoch < excluded.epoch or s.sequence < excluded.sequence
  returning s.run_id, s.stream_id
), accepted as materialized (
  select f.*, (f.event_seq + row_number() over (partition by f.run_id order by f.ord))::int as seq
    from fenced f
   where f.total <= ${MAX_RUN_CHUNK_BYTES}
     and (f.sequence is null or (f.run_id, f.stream_id) in (select m.run_id, m.stream_id from marked m))
), numbered as (
  update runs r set event_seq = a.last_seq, chunk_bytes = r.chunk_bytes + a.bytes
    from (select run_id, max(seq) as last_seq, sum(bytes)::int as bytes from accepted group by run_id) a where r.id = a.run_id
), told as (
  insert into run_events (run_id, seq, type, level, message, data, attempt, epoch)
  select a.run_id, a.seq, 'chunk', 'info', a.message, a.data, a.attempt, a.epoch from accepted a
)
select a.ord, a.seq, a.run_status as status, a.run_epoch as epoch, true as stands, false as repeated from accepted a
 union all
select l.ord, null, l.run_status, l.run_epoch, l.ord in (select ord from fenced),
       l.ord in (select f.ord from fenced f where f.sequence is not null and f.total <= ${MAX_RUN_CHUNK_BYTES})
  from locked l
 where l.ord not in (select ord from accepted)`;

/** The number of the last event of a stream that a claim has stored: what its repeated report is answered. */
export const LAST_CHUNK_SQL = `
select max(seq) as seq from run_events where run_id = $1 and epoch = $2 and type = 'chunk' and data ->> 'stream_id' = $3`;
