import type { RunStatus } from '../../core/run-state.ts';

/** What stands for the status before: that of a run, or a run that was stored, or a note that names no runs. */
export type StatusBefore = RunStatus | 'new' | 'any';

/**
 * The number of the transaction a statement is part of. Every event that changes what a list of runs shows has it beside the project of
 * its run (`run_events.xid`, `run_events.project_id`), one event per change, so that no change is ever committed without being found by
 * those who follow the list. (A row of its own for every statement, with all its runs in arrays, cost statements over a single run a
 * quarter more; two columns and a partial index cost them nothing that could be measured.)
 */
export const XID_SQL = 'pg_current_xact_id()::text::bigint';

/**
 * The part of a statement that notes, for the live lists, runs that no event tells of: those in `from`, a row set with `id`,
 * `project_id` and the status before.
 */
export function noteChangesSql(from: string, was: string): string {
  return `
  insert into run_changes (project_id, xid, was, run_ids)
  select project_id, ${XID_SQL}, ${was}, array_agg(id) from ${from} group by project_id, ${was}`;
}

/** Notes that runs of the projects of `from` may have come under other filters, without saying which: whoever follows looks again. */
export function noteAnyChangeSql(from: string): string {
  return `insert into run_changes (project_id, xid, was, run_ids) select distinct project_id, ${XID_SQL}, 'any', '{}'::uuid[] from ${from}`;
}
