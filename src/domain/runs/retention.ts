import type { Pool } from 'pg';
import { noteChangesSql } from '../changes/change-statement.ts';
import { sqlList } from './transition-statement.ts';

/** Days an ended run is kept, by how it ended (reference semantics §2.4). Dead letters wait for a person, but not for ever. */
const KEPT_DAYS = [
  { statuses: ['completed', 'failed', 'canceled', 'expired'], days: 30 },
  { statuses: ['timed_out', 'crashed', 'system_failed', 'dead_letter'], days: 90 },
] as const;

const EXPIRED_SQL = KEPT_DAYS.map(
  ({ statuses, days }) => `(status in (${sqlList(statuses)}) and finished_at < now() - interval '${days} days')`,
).join(' or ');

const OLDEST_KEPT_DAYS = Math.min(...KEPT_DAYS.map(({ days }) => days));

/**
 * Deletes up to `limit` runs that are past their keeping time, with everything that belongs to them; answers how many. One statement, so
 * that no reader meets half a run.
 */
export async function deleteExpiredRuns(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({ name: 'retention', text: DELETE_SQL, values: [limit] });
  return rowCount ?? 0;
}

const DELETE_SQL = `
with old as materialized (
  select id, project_id, status from runs where created_at < now() - interval '${OLDEST_KEPT_DAYS} days' and (${EXPIRED_SQL})
   limit $1 for update skip locked
), d1 as (delete from run_data x using old where x.run_id = old.id),
d2 as (delete from run_results x using old where x.run_id = old.id),
d3 as (delete from run_events x using old where x.run_id = old.id),
d4 as (delete from run_outputs x using old where x.run_id = old.id),
d5 as (delete from waits x using old where x.run_id = old.id),
d6 as (delete from run_leases x using old where x.run_id = old.id),
d7 as (delete from run_checkpoints x using old where x.run_id = old.id),
d8 as (delete from run_usage x using old where x.run_id = old.id),
d9 as (delete from run_tool_calls x using old where x.run_id = old.id),
d10 as (delete from run_state x using old where x.run_id = old.id),
d11 as (delete from run_compute x using old where x.run_id = old.id),
d12 as (delete from run_streams x using old where x.run_id = old.id),
noted as (${noteChangesSql('old', 'status')})
delete from runs x using old where x.id = old.id`;

/** Days that streamed text is kept. */
const CHUNKS_KEPT_DAYS = 7;

/**
 * Forgets the pieces of up to `limit` chunk events that are past their keeping time; answers how many. The events stay, so that the story
 * keeps its numbers, and say how many pieces they had.
 */
export async function forgetChunks(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({ name: 'forget-chunks', text: FORGET_SQL, values: [limit] });
  return rowCount ?? 0;
}

const FORGET_SQL = `
with old as materialized (
  select ctid from run_events
   where type = 'chunk' and data ? 'chunks' and created_at < now() - interval '${CHUNKS_KEPT_DAYS} days'
   limit $1 for update skip locked
)
update run_events e set data = e.data - 'chunks' || jsonb_build_object('expired', jsonb_array_length(e.data -> 'chunks'))
 where e.ctid = any (array (select ctid from old))`;
