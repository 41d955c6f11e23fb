import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isUniqueViolation } from '../../db/errors.ts';
import type { RunDeps } from './deps.ts';
import type { TransitionResult } from './transition.ts';

/** Why a dead letter stays one although nobody else replayed it: there is one live run per idempotency key. */
export const KEY_TAKEN = 'its idempotency key is held by another live run: wait for that one, or reset the key of this one';

/**
 * Puts a dead-lettered run back into the queue as its own first attempt. NOT_FOUND for an unknown run, CONFLICT for one that is not
 * dead-lettered, or whose idempotency key a later run has taken over.
 */
export async function replayDeadLetter(actor: Actor, runId: string, deps: RunDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  if (!isUuid(runId)) throw notFound('run');
  const result = await requeueDeadLetter(actor, runId, deps);
  if (result === 'key-taken') throw new AppError('CONFLICT', KEY_TAKEN);
  if (result.moved) return;
  if (result.was === null || result.projectId !== actor.projectId) throw notFound('run');
  throw new AppError('CONFLICT', `run is not dead_letter: it is ${result.was}`);
}

/** Moves a dead letter; shares a statement with whatever else moves at the moment. */
export async function requeueDeadLetter(
  actor: Actor,
  runId: string,
  deps: Pick<RunDeps, 'transitions'>,
): Promise<TransitionResult | 'key-taken'> {
  const item = { runId, projectId: actor.projectId, event: 'dlq_replay', message: 'replayed from the dead letters' } as const;
  try {
    return await deps.transitions.one(item);
  } catch (error) {
    if (isUniqueViolation(error)) return 'key-taken';
    throw error;
  }
}
