import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { RunDeps } from './deps.ts';

/**
 * Puts a dead-lettered run back into the queue as its own first attempt. NOT_FOUND for an unknown run, CONFLICT for one that is not
 * dead-lettered.
 */
export async function replayDeadLetter(actor: Actor, runId: string, deps: RunDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  if (!isUuid(runId)) throw notFound('run');
  const result = await deps.transitions.one({
    runId,
    projectId: actor.projectId,
    event: 'dlq_replay',
    message: 'replayed from the dead letters',
  });
  if (result.moved) return;
  if (result.was === null || result.projectId !== actor.projectId) throw notFound('run');
  throw new AppError('CONFLICT', `run is not dead_letter: it is ${result.was}`);
}
