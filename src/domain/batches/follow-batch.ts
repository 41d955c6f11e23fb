import { Repeater } from '@repeaterjs/repeater';
import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import { makeGate } from '../runs/gate.ts';
import { type BatchSummary, summarizeBatches } from './summary.ts';

/** The least time from one look at a batch to the next: a thousand runs may change in it. */
const PACE_MS = 1_000;
/** A hint may be missed; nobody waits longer than this for a change that is stored. */
const POLL_MS = 15_000;

interface FollowDeps {
  readonly reads: Pool;
  readonly hub: WakeHub;
}

/**
 * Follows how a batch stands: as it is now, then whenever that has changed, at most once a second, until everything is stored and every run
 * has ended. What lies between two looks is not told, the end always is. NOT_FOUND for an unknown batch.
 */
export async function followBatch(
  actor: Actor,
  { batchId, paceMs = PACE_MS }: { readonly batchId: string; readonly paceMs?: number },
  deps: FollowDeps,
): Promise<AsyncIterable<BatchSummary>> {
  requireScope(actor, 'runs:read');
  if (!isUuid(batchId)) throw notFound('batch');
  const look = async () => (await summarizeBatches(actor, [batchId], deps)).get(batchId);
  if (!(await look())) throw notFound('batch');
  return new Repeater<BatchSummary>(async (push, stop) => {
    const changed = makeGate();
    // Nothing but the reader's leaving opens it: a pause that ends with it.
    const pace = makeGate();
    const unsubscribe = deps.hub.onWake(batchId, changed.open);
    let stopped = false;
    void stop.then(() => {
      stopped = true;
      changed.open();
      pace.open();
    });
    try {
      let told = '';
      while (!stopped) {
        const summary = await look();
        if (!summary) break;
        const text = JSON.stringify(summary);
        if (text !== told) await push(summary);
        told = text;
        if (summary.isFinished) break;
        await pace.pass(paceMs);
        await changed.pass(POLL_MS);
      }
      stop();
    } finally {
      unsubscribe();
    }
  });
}
