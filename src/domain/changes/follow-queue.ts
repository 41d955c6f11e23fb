import { Repeater } from '@repeaterjs/repeater';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { makeGate } from '../runs/gate.ts';
import type { QueueStats } from './count-queue.ts';
import type { QueueStatsBoard } from './queue-stats.ts';

/** The gate is opened for whatever is new; this only bounds a wait. */
const SILENCE_MS = 60_000;

/**
 * Follows how the queue of a project stands: at once, then about every second in which it changed. A moment and not an age says how long
 * the oldest run waits, so that a queue in which nothing happens is silent. NOT_FOUND for a project of somebody else.
 */
export async function followQueue(
  actor: Actor,
  { projectId = actor.projectId }: { readonly projectId?: string | undefined },
  deps: { readonly queueStats: QueueStatsBoard },
): Promise<AsyncIterable<QueueStats>> {
  requireScope(actor, 'stats:read');
  if (projectId !== actor.projectId) throw notFound('project');
  return new Repeater<QueueStats>(async (push, stop) => {
    const gate = makeGate();
    let stopped = false;
    void stop.then(() => {
      stopped = true;
      gate.open();
    });
    const watch = await deps.queueStats.watch(projectId, gate.open);
    try {
      let told: QueueStats | null = null;
      while (!stopped) {
        const latest = watch.latest();
        if (latest === told) {
          await gate.pass(SILENCE_MS);
          continue;
        }
        told = latest;
        await push(latest);
      }
      stop();
    } finally {
      watch.stop();
    }
  });
}
