import type { Actor } from '../../auth/actor.ts';
import { requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isFinal } from '../../core/run-state.ts';
import type { RunDeps } from './deps.ts';

/** Deeper descendants than spawning allows do not exist. */
const MAX_DEPTH = 20;

const DESCENDANTS_SQL = `
with recursive tree (id, depth) as (
  select c.id, 1 from runs c where c.parent_run_id = $1
  union all
  select c.id, t.depth + 1 from tree t join runs c on c.parent_run_id = t.id where t.depth < ${MAX_DEPTH}
)
select id from tree`;

/**
 * Cancels a run and everything it spawned, whatever they are doing; their executors learn of it with the next heartbeat or report.
 * NOT_FOUND for an unknown run, BAD_REQUEST for one that has ended. A child spawned at this very moment is caught by the reaper.
 */
export async function cancelRun(actor: Actor, runId: string, deps: RunDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  if (!isUuid(runId)) throw notFound('run');
  const result = await deps.transitions.one({
    runId,
    projectId: actor.projectId,
    event: 'cancel',
    message: 'canceled by user',
    error: 'canceled by user',
    level: 'warn',
  });
  if (!result.moved) {
    if (result.was === null || result.projectId !== actor.projectId) throw notFound('run');
    if (isFinal(result.was)) throw new AppError('BAD_REQUEST', 'run already in terminal state');
    throw new AppError('CONFLICT', 'failed to cancel run: its status changed meanwhile; look at it again');
  }
  deps.hub.stop([runId]);
  await cancelDescendants(runId, deps);
}

/** Cancels whatever is still active below a run. */
export async function cancelDescendants(runId: string, deps: Pick<RunDeps, 'reads' | 'transitions' | 'hub'>): Promise<void> {
  const { rows } = await deps.reads.query<{ id: string }>(DESCENDANTS_SQL, [runId]);
  await cancelOrphans(
    rows.map((row) => row.id),
    deps,
  );
}

/** Cancels runs whose parent was canceled. */
export async function cancelOrphans(runIds: readonly string[], deps: Pick<RunDeps, 'transitions' | 'hub'>): Promise<void> {
  if (runIds.length === 0) return;
  const error = 'parent run canceled';
  await deps.transitions.many(runIds.map((runId) => ({ runId, event: 'cancel', message: error, error, level: 'warn' })));
  deps.hub.stop(runIds);
}
