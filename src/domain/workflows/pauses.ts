import type { Pool } from 'pg';
import type { JsonValue } from '../../core/json.ts';

/** A time in which a workflow run stood still for a person. */
export interface WorkflowPause {
  readonly workflowRunId: string;
  /** The event that began it. */
  readonly seq: number;
  /** The approval that waited; null when the whole was paused. */
  readonly step: string | null;
  readonly message: string;
  readonly pausedAt: Date;
  readonly resumedAt: Date | null;
  readonly resumedBy: string | null;
  readonly decision: string | null;
  readonly reason: string | null;
  /** What the approval was completed with, when that was its last try and is no larger than {@link MAX_OUTPUT_BYTES}. */
  readonly output: JsonValue | null;
}

/** Pauses of one workflow run that are answered, the oldest first. */
export const MAX_PAUSES = 1_000;
const MAX_OUTPUT_BYTES = 16_384;

/** A pause begins with one event of the story, and ends with the next one that leaves the status this one led to. */
const PAUSES_SQL = `
select k.id as "workflowRunId", p.* from unnest($1::uuid[]) as k (id) cross join lateral (
  select e.seq, e.step_ref as step, coalesce(s.input->>'message', e.message) as message, e.created_at as "pausedAt",
         n.created_at as "resumedAt", n.actor as "resumedBy", n.data->>'decision' as decision, n.data->>'reason' as reason,
         case when s.attempt = e.attempt and s.status = 'completed' and octet_length(s.output::text) <= ${MAX_OUTPUT_BYTES} then s.output end as output
    from workflow_run_events e
    left join workflow_step_runs s on s.workflow_run_id = e.workflow_run_id and s.step_ref = e.step_ref
    left join lateral (
      select x.created_at, x.actor, x.data from workflow_run_events x
       where x.workflow_run_id = e.workflow_run_id and x.seq > e.seq and x.step_ref is not distinct from e.step_ref
         and x.from_status = e.to_status
       order by x.seq limit 1) n on true
   where e.workflow_run_id = k.id
     and ((e.type = 'run' and e.to_status = 'paused') or (e.type = 'step' and e.to_status = 'waiting' and s.kind = 'approval'))
   order by e.seq limit ${MAX_PAUSES}) p
 order by k.id, p.seq`;

/** When workflow runs that the caller may see stood still for a person, what was asked, and who decided what. */
export async function readPauses(
  workflowRunIds: readonly string[],
  { reads }: { readonly reads: Pool },
): Promise<WorkflowPause[]> {
  const { rows } = await reads.query<WorkflowPause>({ name: 'workflow-pauses', text: PAUSES_SQL, values: [workflowRunIds] });
  return rows;
}
