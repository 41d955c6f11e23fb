import { isFinalWorkflow } from '../../core/workflow-state.ts';
import { cancelDescendants } from '../runs/cancel.ts';
import { ACTIVE_SQL } from '../runs/transition-statement.ts';
import type { StartDeps } from './deps.ts';
import type { PendingFire } from './settle-fires.ts';

/** Moments before this one whose runs are looked at, by the latest first. */
const LOOKED_BACK = 100;

/** The ids of those runs that are stored already. */
export async function storedRuns(fires: readonly PendingFire[], deps: Pick<StartDeps, 'engine'>): Promise<ReadonlySet<string>> {
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'stored-scheduled-runs',
    text: `select r.id from runs r where r.id = any ($1::uuid[]) union all select w.id from workflow_runs w where w.id = any ($2::uuid[])
           union all select b.id from batches b where b.id = any ($3::uuid[])`,
    values: [
      fires.flatMap(({ runId }) => runId ?? []),
      fires.flatMap(({ workflowRunId }) => workflowRunId ?? []),
      fires.flatMap(({ batchId }) => batchId ?? []),
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

/** The active runs of earlier moments, by schedule, the latest first; of those schedules alone that do not allow them. */
export async function activeRuns(
  fires: readonly PendingFire[],
  deps: Pick<StartDeps, 'engine'>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ids = fires.flatMap(({ id, overlapPolicy }) => (overlapPolicy === 'allow' ? [] : [id]));
  if (ids.length === 0) return new Map();
  const { rows } = await deps.engine.query<{ id: string; runs: string[] }>({
    name: 'active-scheduled-runs',
    text: `select k.id, array(
             select coalesce(p.run_id, p.workflow_run_id)
               from (select f.run_id, f.workflow_run_id, f.fire_at from schedule_fires f
                      where f.schedule_id = k.id and f.outcome = 'started' order by f.fire_at desc limit ${LOOKED_BACK}) p
              where (select r.status in (${ACTIVE_SQL}) from runs r where r.id = p.run_id)
                 or (select w.status in ('pending', 'running', 'paused') from workflow_runs w where w.id = p.workflow_run_id)
              order by p.fire_at desc) as runs
             from unnest($1::uuid[]) as k (id)`,
    values: [ids],
  });
  return new Map(rows.map(({ id, runs }) => [id, runs]));
}

const REASON = 'canceled: its schedule has fired again';

/** Cancels runs of a schedule, with all below them. One that has ended meanwhile needs nothing. */
export async function cancelRuns(fire: PendingFire, runIds: readonly string[], deps: StartDeps): Promise<void> {
  for (const id of runIds) await (fire.jobId === null ? cancelWorkflow(id, deps) : cancelRun(id, deps));
}

async function cancelRun(runId: string, deps: StartDeps): Promise<void> {
  await deps.transitions.one({ runId, event: 'cancel', message: REASON, error: REASON, level: 'warn' });
  deps.hub.stop([runId]);
  await cancelDescendants(runId, deps);
}

async function cancelWorkflow(id: string, deps: StartDeps): Promise<void> {
  await deps.advancer.change(id, (draft) => {
    if (!isFinalWorkflow(draft.status)) draft.move('canceled', REASON, { error: REASON, actor: 'system:cron' });
  });
}
