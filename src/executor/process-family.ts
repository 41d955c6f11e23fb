import { setTimeout as delay } from 'node:timers/promises';
import { familyOf, type ProcessEntry, readProcesses, residentBytes, startOf, wasStartedWith } from './process-table.ts';

/** How often what is left of a family is looked for and ended, and milliseconds between two looks. */
const SWEEPS = 20;
const SWEEP_PAUSE_MS = 25;

/** A process that leads a session of its own, with everything it has started. */
export interface ProcessFamily {
  /** Measures what all of them have resident together, in bytes; pages that they share count once for each. */
  measure(table: readonly ProcessEntry[]): Promise<number>;
  /** Sends a signal to all of them; resolves once it is sent. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends whatever is left of them once the leader is gone, those included that have made themselves independent of it. */
  sweep(): Promise<void>;
}

/**
 * Follows the family of a process.
 *
 * @param mark a variable of its environment, with its value, that no process outside of the family has
 */
export function makeProcessFamily(leader: number, mark: string): ProcessFamily {
  let known = new Map<number, number>();
  const leaderStart = startOf(leader);

  function look(table: readonly ProcessEntry[]): ProcessEntry[] {
    const family = familyOf(leader, table, known);
    known = new Map(family.map(({ pid, startedAt }) => [pid, startedAt]));
    return family;
  }

  /** The family and what carries its mark: a daemon that was never seen as a child of it still does. */
  async function remains(): Promise<ProcessEntry[]> {
    const table = await readProcesses();
    const family = new Set(look(table));
    const since = await leaderStart;
    const young = table.filter((entry) => !family.has(entry) && entry.startedAt >= since && entry.pid !== process.pid);
    const marked = await Promise.all(young.map(({ pid }) => wasStartedWith(pid, mark)));
    return [...family, ...young.filter((_entry, index) => marked[index])];
  }

  return {
    async measure(table) {
      const sizes = await Promise.all(look(table).map(({ pid }) => residentBytes(pid)));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    async signal(signal) {
      // The group first and at once: what it would start meanwhile is then looked for.
      send(-leader, signal);
      for (const { pid, group } of look(await readProcesses())) if (group !== leader) send(pid, signal);
    },
    async sweep() {
      send(-leader, 'SIGKILL');
      for (let sweeps = 0; sweeps < SWEEPS; sweeps++) {
        const left = await remains();
        if (left.length === 0) return;
        for (const { pid } of left) send(pid, 'SIGKILL');
        await delay(SWEEP_PAUSE_MS);
      }
    },
  };
}

/** Sends a signal to a process, or with a negative number to a group; one that is gone, or is not ours any more, is left alone. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH and EPERM: there is nothing of ours to end.
  }
}
