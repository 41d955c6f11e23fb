import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { noteChangesSql } from '../changes/change-statement.ts';
import type { RunDeps } from './deps.ts';
import { sqlList } from './transition-statement.ts';

/** In these somebody works on the run, or will go on with it: giving its key away would let the same work run twice at once. */
const KEEPS_KEY_SQL = sqlList(['dequeued', 'executing', 'waiting', 'paused']);

/**
 * Takes the idempotency key off a run, so that the next trigger with it makes a new one; a run without a key stays as it is. NOT_FOUND
 * for an unknown run and for one that is being worked on.
 */
export async function resetIdempotencyKey(actor: Actor, runId: string, deps: Pick<RunDeps, 'engine' | 'hub'>): Promise<void> {
  requireScope(actor, 'runs:write');
  const { rowCount } = isUuid(runId)
    ? await deps.engine.query({
        name: 'reset-idempotency-key',
        text: RESET_SQL,
        values: [runId, actor.projectId],
      })
    : { rowCount: 0 };
  if (!rowCount) throw new AppError('NOT_FOUND', 'run not found or not eligible for idempotency reset');
  deps.hub.stir();
}

const RESET_SQL = `
with reset as (
  update runs r set idempotency_key = null
   where r.id = $1 and r.project_id = $2 and r.status not in (${KEEPS_KEY_SQL}) returning r.id, r.project_id, r.status
), noted as (${noteChangesSql('reset', 'status')})
select from reset`;
