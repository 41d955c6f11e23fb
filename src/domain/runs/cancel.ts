import type { Actor } from '../../auth/actor.ts';
import { requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isFinal } from '../../core/run-state.ts';
import type { RunDeps } from './deps.ts';
import { descendantPages } from './descendants.ts';

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
  for await (const page of descendantPages({ parentIds: [runId] }, deps)) {
    const active = page.filter(({ status }) => !isFinal(status));
    await cancelOrphans(
      active.map(({ id }) => id),
      deps,
    );
  }
}

/** Cancels runs whose parent was canceled. */
export async function cancelOrphans(runIds: readonly string[], deps: Pick<RunDeps, 'transitions' | 'hub'>): Promise<void> {
  if (runIds.length === 0) return;
  const error = 'parent run canceled';
  await deps.transitions.many(runIds.map((runId) => ({ runId, event: 'cancel', message: error, error, level: 'warn' })));
  deps.hub.stop(runIds);
}
