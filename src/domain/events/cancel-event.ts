import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { cancelDescendants } from '../runs/cancel.ts';
import type { RunDeps } from '../runs/deps.ts';
import { isEventKey } from './event-key.ts';
import { notWaiting, readNewest } from './newest-trigger.ts';

/**
 * Ends the wait for a key and cancels the run that waits, with everything it spawned, or fails the step of a workflow that does; answers
 * the id of the wait. The wait is ended
 * first, so that an event that was sent before is never lost on a canceled run. NOT_FOUND when nobody has ever waited for the key,
 * CONFLICT when nobody does any more.
 */
export async function cancelEvent(
  actor: Actor,
  key: string,
  deps: Pick<RunDeps, 'engine' | 'reads' | 'transitions' | 'hub' | 'stepsChanged'>,
): Promise<string> {
  requireScope(actor, 'runs:write');
  if (!isEventKey(key)) throw notFound('event trigger');
  const { rows } = await deps.engine.query<{ id: string; run_id: string | null; workflow_run_id: string | null }>({
    name: 'cancel-event',
    text: `update waits w set status = 'canceled', ended_at = now(), error = '${CANCELED}'
            where w.project_id = $1 and w.event_key = $2 and w.status = 'waiting' returning w.id, w.run_id, w.workflow_run_id`,
    values: [actor.projectId, key],
  });
  const [wait] = rows;
  if (!wait)
    throw (await readNewest(deps.engine, { projectId: actor.projectId, key, json: null }))
      ? notWaiting()
      : notFound('event trigger');
  if (wait.workflow_run_id !== null) deps.stepsChanged([wait.workflow_run_id]);
  if (wait.run_id === null) return wait.id;
  // Without an epoch: whatever the run does by now, the caller wants it to end.
  await deps.transitions.one({
    runId: wait.run_id,
    projectId: actor.projectId,
    event: 'cancel',
    message: CANCELED,
    error: CANCELED,
    level: 'warn',
  });
  deps.hub.stop([wait.run_id]);
  await cancelDescendants(wait.run_id, deps);
  return wait.id;
}

const CANCELED = 'event trigger canceled';
