import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';

/** The ids of the newest runs of each of these workflows of the actor's project, newest first and `limit` at most, in one look. */
export async function newestRunsOf(
  { projectId }: Pick<Actor, 'projectId'>,
  workflowIds: readonly string[],
  limit: number,
  { reads }: { readonly reads: Pool },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await reads.query<{ readonly workflow_id: string; readonly ids: string[] }>({
    name: 'newest-workflow-runs',
    text: `select a.id as workflow_id, array(
             select r.id from workflow_runs r where r.workflow_id = a.id and r.project_id = $2 order by r.id desc limit $3) as ids
             from unnest($1::uuid[]) as a (id)`,
    values: [workflowIds, projectId, limit],
  });
  return new Map(rows.map(({ workflow_id: id, ids }) => [id, ids]));
}
