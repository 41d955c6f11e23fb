/**
 * Wakes the engine at the moments that stored runs wait for. It only knows the moments it is told of; the reaper tells it the next one
 * in the database at every pass, so that a moment set by another process is late by one pass at most.
 */
export interface Timers {
  /** Looks again at this moment, given in milliseconds from now. */
  inMs(ms: number): void;
  stop(): void;
}

/** setTimeout overflows beyond this; the reaper asks again long before. */
const MAX_MS = 3_600_000;

/** A timer of Node may fire a moment early by the clock of Postgres, and would then find nothing. */
const MARGIN_MS = 2;

/** Makes {@link Timers} that call `fire` at each moment; `fire` must not reject. */
export function makeTimers(fire: () => Promise<void>): Timers {
  let timer: NodeJS.Timeout | null = null;
  let due = Number.POSITIVE_INFINITY;
  let stopped = false;

  function arm(at: number): void {
    if (stopped || at >= due) return;
    due = at;
    if (timer) clearTimeout(timer);
    timer = setTimeout(
      () => {
        due = Number.POSITIVE_INFINITY;
        timer = null;
        void fire();
      },
      Math.max(at - performance.now(), 0),
    );
  }

  return {
    inMs: (ms) => arm(performance.now() + MARGIN_MS + Math.min(Math.max(ms, 0), MAX_MS)),
    stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}
