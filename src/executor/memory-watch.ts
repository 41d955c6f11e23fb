import type { ProcessFamily } from './process-family.ts';
import { readProcesses } from './process-table.ts';

/** Looks at what processes have resident, and tells when it is too much. */
export interface MemoryWatch {
  /** Calls `onExceeded` once when the family has more than `limitBytes`; returns the function that ends the watch. */
  watch(family: ProcessFamily, limitBytes: number, onExceeded: () => void): () => void;
}

/** Makes a {@link MemoryWatch}: one look at the table of processes serves all that are watched, and none is taken while none is. */
export function makeMemoryWatch(intervalMs: number): MemoryWatch {
  const watched = new Set<{ readonly family: ProcessFamily; readonly limitBytes: number; readonly onExceeded: () => void }>();
  let timer: NodeJS.Timeout | null = null;
  let looking = false;

  function arm(): void {
    if (watched.size > 0 && !looking) timer ??= setTimeout(look, intervalMs);
  }

  async function look(): Promise<void> {
    timer = null;
    looking = true;
    const table = await readProcesses();
    await Promise.all(
      [...watched].map(async (one) => {
        const size = await one.family.measure(table);
        if (size > one.limitBytes && watched.delete(one)) one.onExceeded();
      }),
    );
    looking = false;
    arm();
  }

  return {
    watch(family, limitBytes, onExceeded) {
      const one = { family, limitBytes, onExceeded };
      watched.add(one);
      arm();
      return () => {
        watched.delete(one);
        if (watched.size > 0 || !timer) return;
        clearTimeout(timer);
        timer = null;
      };
    },
  };
}
