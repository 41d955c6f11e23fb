import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from './clock.ts';
import type { Subject } from './subject.ts';

const POLL_MS = 5;
const STALL_MS = 30_000;
/** Asking for so many takes about a millisecond, for 10,000 some twenty: the moment measured is that of the small question. */
const LAST = 500;

/**
 * Waits until the database says that all of these runs are completed, and resolves with the moment it first did. Throws when 30
 * seconds pass without progress.
 */
export async function untilCompleted(subject: Subject, runIds: string[]): Promise<number> {
  await untilNoneUnfinished(subject, runIds.slice(-LAST));
  let completedAt = nowMs();
  let stragglers = await subject.unfinished(runIds);
  while (stragglers.length > 0) {
    await untilNoneUnfinished(subject, stragglers);
    completedAt = nowMs();
    stragglers = await subject.unfinished(runIds);
  }
  return completedAt;
}

async function untilNoneUnfinished(subject: Subject, runIds: string[]): Promise<void> {
  let open = runIds;
  let progressAt = nowMs();
  for (;;) {
    const stillOpen = await subject.unfinished(open);
    if (stillOpen.length === 0) return;
    if (stillOpen.length < open.length) progressAt = nowMs();
    open = stillOpen;
    if (nowMs() - progressAt > STALL_MS) {
      throw new Error(
        `${open.length} runs are not completed, with no progress for ${STALL_MS / 1000} s, for example ${open[0]}.`,
      );
    }
    await delay(POLL_MS);
  }
}
