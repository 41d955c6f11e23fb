import type { Clock } from './clock.ts';

/** How long an id is remembered: twice the tolerance of signatures, after which a repeat is refused as old. */
const REMEMBER_MS = 600_000;
/** Bounds the memory of a busy executor; forgetting early costs a repeat, which the server fences off. */
const MAX_IDS = 50_000;

/** Tells new message ids from repeated ones. */
export interface Seen {
  /** True the first time an id comes within ten minutes. */
  isNew(id: string): boolean;
}

/** Makes an empty memory of message ids. */
export function makeSeen(clock: Clock): Seen {
  // A Map iterates in the order of insertion, so the oldest ids come first.
  const ids = new Map<string, number>();
  return {
    isNew(id) {
      const now = clock.now();
      for (const [old, at] of ids) {
        if (ids.size < MAX_IDS && now - at < REMEMBER_MS) break;
        ids.delete(old);
      }
      if (ids.has(id)) return false;
      ids.set(id, now);
      return true;
    },
  };
}
