import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { isUniqueViolation } from '../../db/errors.ts';
import type { RunDeps } from '../runs/deps.ts';
import { selectRuns } from '../runs/select-runs.ts';
import type { TransitionItem } from '../runs/transition.ts';
import { readStanding } from './cancel-batch.ts';

type ResumeDeps = Pick<RunDeps, 'reads' | 'transitions' | 'hub' | 'batchChanged'>;

/** What brings back a run, by the status it stands still in. */
const EVENTS = { canceled: 'revive', paused: 'resume' } as const satisfies Partial<Record<RunStatus, TransitionItem['event']>>;

/**
 * Lets a stopped or blocked batch go on where it left off: its canceled runs are queued again, from their last checkpoints, its paused
 * ones resumed; what has ended otherwise stays. Callbacks are sent again. NOT_FOUND for an unknown batch, CONFLICT for one in another
 * status, and for a blocked one of which nothing is paused: that goes on by itself when what it waits for comes.
 */
export async function resumeBatch(actor: Actor, id: string, deps: ResumeDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  const { status } = await readStanding(actor, id, deps.reads);
  if (status !== 'stopped' && status !== 'blocked') {
    throw new AppError('CONFLICT', `only a stopped or blocked run can be resumed: this one is ${status}`);
  }
  let resumed = 0;
  if (status === 'stopped') {
    await deps.reads.query(
      'update batches set canceled_at = null, ended_status = null, resumes = resumes + 1, updated_at = now() where id = $1',
      [id],
    );
    resumed += await bringBack(actor, { id, from: 'canceled' }, deps);
    // Somebody may have looked at it in between, when nothing of it went on yet.
    await deps.reads.query('update batches set ended_status = null where id = $1', [id]);
  }
  resumed += await bringBack(actor, { id, from: 'paused' }, deps);
  if (resumed > 0 && status === 'blocked') {
    await deps.reads.query('update batches set resumes = resumes + 1, updated_at = now() where id = $1', [id]);
  }
  deps.hub.wake([id]);
  deps.batchChanged([id]);
  if (resumed === 0 && status === 'blocked') {
    throw new AppError('CONFLICT', 'nothing of the run is paused: it goes on by itself when what it waits for is there');
  }
}

async function bringBack(
  actor: Actor,
  { id, from }: { readonly id: string; readonly from: keyof typeof EVENTS },
  deps: ResumeDeps,
): Promise<number> {
  let moved = 0;
  for await (const { ids } of selectRuns(actor, { filter: { batchId: id }, statuses: [from] }, deps)) {
    const results = await Promise.all(ids.map((runId) => moveOne({ runId, projectId: actor.projectId, from }, deps)));
    moved += results.filter(Boolean).length;
  }
  return moved;
}

/** A run whose idempotency key another live run has by now stays as it is. */
async function moveOne(
  run: { readonly runId: string; readonly projectId: string; readonly from: keyof typeof EVENTS },
  { transitions }: ResumeDeps,
): Promise<boolean> {
  try {
    const result = await transitions.one({ ...run, event: EVENTS[run.from], message: 'resumed with its batch' });
    return result.moved;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}
