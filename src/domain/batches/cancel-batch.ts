import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { cancelRuns } from '../runs/cancel-many.ts';
import type { RunDeps } from '../runs/deps.ts';
import type { BatchMode } from './batch-options.ts';
import { BATCH_STATUS_NOW_SQL, type BatchStatus, ENDED_BATCH_STATUSES } from './batch-status.ts';

type CancelDeps = Pick<RunDeps, 'reads' | 'transitions' | 'hub' | 'batchChanged'>;

/**
 * Cancels whatever of a batch has not ended, with everything it spawned. What has ended keeps its results; nobody is called back any more,
 * unless the batch is resumed. A cancelation that was cut off can be repeated. NOT_FOUND for an unknown batch, CONFLICT for one that has
 * ended, and for one whose caller waits for it.
 */
export async function cancelBatch(actor: Actor, id: string, deps: CancelDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  const batch = await readStanding(actor, id, deps.reads);
  if (batch.mode === 'live') throw new AppError('CONFLICT', 'a live run cannot be canceled: its caller waits for it');
  if ((ENDED_BATCH_STATUSES as readonly BatchStatus[]).includes(batch.status)) {
    throw new AppError('CONFLICT', `the run has ended already: it is ${batch.status}`);
  }
  // From here on nobody is called back, whatever ends first.
  await deps.reads.query('update batches set canceled_at = now(), updated_at = now() where id = $1', [id]);
  await cancelRuns(actor, { filter: { batchId: id } }, deps);
  deps.hub.wake([id]);
  deps.batchChanged([id]);
}

/** How a batch stands at this moment, whatever was noted of it. */
export async function readStanding(
  actor: Actor,
  id: string,
  reads: Pool,
): Promise<{ readonly mode: BatchMode; readonly status: BatchStatus }> {
  const { rows } = isUuid(id)
    ? await reads.query<{ mode: BatchMode; status: BatchStatus }>({
        name: 'batch-standing',
        text: `select b.mode, ${BATCH_STATUS_NOW_SQL} as status from batches b where b.id = $1 and b.project_id = $2`,
        values: [id, actor.projectId],
      })
    : { rows: [] };
  if (!rows[0]) throw notFound('run');
  return rows[0];
}
