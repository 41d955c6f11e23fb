import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { MAX_NESTING } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import { deleteWorkflowRunsSql } from './retention.ts';

/**
 * The workflow run and all below it are locked before anything is looked at, and a final status never changes: what is found ended stays
 * so. One that is the work of a step of a live one is left, for the step would begin it anew.
 */
const DELETE_TREE_SQL = `
with recursive tree as (
  select w.id, 0 as depth from workflow_runs w where w.id = $1 and w.project_id = $2
   union all
  select c.id, t.depth + 1 from tree t join workflow_runs c on c.parent_run_id = t.id where t.depth <= ${MAX_NESTING}
), locked as materialized (
  select w.id, w.status in ('pending', 'running', 'paused') as is_open from workflow_runs w
   where w.id in (select id from tree) order by w.id for update
), above as (
  select p.id from workflow_runs w join workflow_runs p on p.id = w.parent_run_id
   where w.id = $1 and (w.parent_step_run_id is not null or w.batch_index is not null) and p.status in ('pending', 'running', 'paused')
), old as materialized (
  select l.id from locked l where not exists (select from locked o where o.is_open) and not exists (select from above)
), ${deleteWorkflowRunsSql}
select exists (select from locked) as found, exists (select from gone_runs where id = $1) as deleted,
       (select id from above) as above, (select id from locked where is_open order by id = $1 desc limit 1) as open`;

interface Deleted {
  readonly found: boolean;
  readonly deleted: boolean;
  readonly above: string | null;
  readonly open: string | null;
}

/**
 * Deletes a workflow run that has ended, with its story and the workflow runs below it; the runs of jobs that were its work stay. NOT_FOUND
 * for an unknown one, CONFLICT for one that goes on, or is the work of one that does.
 */
export async function deleteWorkflowRun(actor: Actor, id: string, deps: Pick<WorkflowDeps, 'engine'>): Promise<void> {
  requireScope(actor, 'workflows:write');
  if (!isUuid(id)) throw notFound('workflow run');
  const { rows } = await deps.engine.query<Deleted>({
    name: 'delete-workflow-run',
    text: DELETE_TREE_SQL,
    values: [id, actor.projectId],
  });
  const [answer] = rows;
  if (!answer?.found) throw notFound('workflow run');
  if (answer.deleted) return;
  const why = answer.above
    ? `it is the work of workflow run ${answer.above}, which goes on`
    : answer.open === id.toLowerCase()
      ? 'it goes on'
      : `workflow run ${answer.open} below it goes on`;
  throw new AppError('CONFLICT', `workflow run cannot be deleted: ${why}; cancel it first or wait for its end`);
}
