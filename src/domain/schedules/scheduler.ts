import type { ScheduleDeps, StartDeps } from './deps.ts';
import { fireDue } from './fire-due.ts';
import { nextScheduleTimer, settleFires } from './settle-fires.ts';

/** What fires the schedules of a process. */
export interface Scheduler {
  readonly deps: ScheduleDeps;
  /** Deals with everything that is due, and says when something is due next. Those who ask meanwhile share the next round. */
  pass(): Promise<void>;
  idle(): Promise<void>;
}

/** While others settle what is due, looks again after so long. */
const RETRY_MS = 1_000;

/** Makes the {@link Scheduler} of a process. One round at a time, so that it holds one connection of the pool at most. */
export function makeScheduler(deps: StartDeps & Pick<ScheduleDeps, 'onNextFire'>): Scheduler {
  let running: Promise<void> | null = null;
  let following: Promise<void> | null = null;

  async function round(): Promise<void> {
    await fireDue(deps);
    await settleFires(deps);
    const ms = await nextScheduleTimer(deps.engine);
    if (ms !== null) deps.onNextFire(ms > 0 ? ms : RETRY_MS);
  }

  function begin(): Promise<void> {
    running = round().finally(() => {
      running = null;
    });
    return running;
  }

  function pass(): Promise<void> {
    if (!running) return begin();
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = null;
        return begin();
      });
    return following;
  }

  return {
    deps: { ...deps, fireNow: pass },
    pass,
    async idle() {
      await following?.catch(() => undefined);
      await running?.catch(() => undefined);
    },
  };
}
