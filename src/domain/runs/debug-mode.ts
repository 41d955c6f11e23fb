import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';

/**
 * Switches a run's debug mode: from its next dispatch on, what is sent to its executor and what that answers are kept as events. NOT_FOUND
 * for an unknown run. The switch of an ended run is kept for its replay from the dead letters.
 */
export async function setDebugMode(
  actor: Actor,
  input: { readonly runId: string; readonly debugMode: boolean },
  deps: { readonly engine: Pool },
): Promise<void> {
  requireScope(actor, 'runs:write');
  if (!isUuid(input.runId)) throw notFound('run');
  const { rowCount } = await deps.engine.query({
    name: 'set-debug-mode',
    text: 'update runs r set debug_mode = $3 where r.id = $1 and r.project_id = $2',
    values: [input.runId, actor.projectId, input.debugMode],
  });
  if (!rowCount) throw notFound('run');
}
