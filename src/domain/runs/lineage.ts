import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { visibleRun } from './visible-runs.ts';

/** Steps that are walked back at most; longer than any line of runs that this server makes. */
const MAX_STEPS_BACK = 20;
/** Runs that are answered at most; a run may be continued more than once, so a line may branch. */
const MAX_LINEAGE_RUNS = 200;

/**
 * The ids of the runs that a run belongs with because one continues the other: from the first of them on, by how many runs each
 * continues, then by age; the run itself is among them. Ends where retention has deleted a run. Empty for an unknown run.
 */
export async function lineageOf(actor: Actor, runId: string, deps: { readonly reads: Pool }): Promise<string[]> {
  const { id, projectId } = visibleRun(actor, runId);
  const { rows } = await deps.reads.query<{ id: string }>({
    name: 'lineage',
    text: LINEAGE_SQL,
    values: [id, projectId],
  });
  return rows.map((row) => row.id);
}

const LINEAGE_SQL = `
with recursive back as (
  select r.id, r.continuation_of, 0 as steps from runs r where r.id = $1 and r.project_id = $2
   union all
  select p.id, p.continuation_of, b.steps + 1 from back b join runs p on p.id = b.continuation_of and p.project_id = $2
   where b.steps < ${MAX_STEPS_BACK}
), line as (
  select r.id, r.lineage_depth, r.created_at from runs r where r.id = (select id from back order by steps desc limit 1)
   union all
  select c.id, c.lineage_depth, c.created_at from line l join runs c on c.continuation_of = l.id and c.project_id = $2
)
select id from (select * from line limit ${MAX_LINEAGE_RUNS}) l order by lineage_depth, created_at, id`;
