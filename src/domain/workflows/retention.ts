import type { Pool } from 'pg';

/** Days an ended workflow run is kept, as runs are (reference semantics §2.4). */
const KEPT_DAYS = { completed: 30, failed: 30, canceled: 30, timed_out: 90 } as const;

const EXPIRED_SQL = Object.entries(KEPT_DAYS)
  .map(([status, days]) => `(w.status = '${status}' and w.finished_at < now() - interval '${days} days')`)
  .join(' or ');

/** Common table expressions that delete the workflow runs `old` names, with all that belongs to them; `gone_runs` has their ids. */
export const deleteWorkflowRunsSql = `
d1 as (delete from workflow_run_data x using old where x.workflow_run_id = old.id),
d2 as (delete from workflow_run_events x using old where x.workflow_run_id = old.id),
gone_steps as (delete from workflow_step_runs x using old where x.workflow_run_id = old.id returning x.id),
d3 as (delete from waits x using gone_steps where x.workflow_step_run_id = gone_steps.id),
gone_runs as (delete from workflow_runs x using old where x.id = old.id returning x.id)`;

const EXPIRE_SQL = `
with old as materialized (
  select w.id from workflow_runs w where w.created_at < now() - interval '${Math.min(...Object.values(KEPT_DAYS))} days' and (${EXPIRED_SQL})
     -- A batch that goes on counts the items that are over.
     and not (w.batch_index is not null and exists (
       select from workflow_runs p where p.id = w.parent_run_id and p.status in ('pending', 'running', 'paused')))
   limit $1 for update skip locked
), ${deleteWorkflowRunsSql}
select count(*)::int as deleted from gone_runs`;

/** Deletes up to `limit` workflow runs that are past their keeping time, with all that belongs to them; answers how many. */
export async function deleteExpiredWorkflowRuns(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rows } = await deps.engine.query<{ deleted: number }>({
    name: 'workflow-retention',
    text: EXPIRE_SQL,
    values: [limit],
  });
  return rows[0]?.deleted ?? 0;
}
