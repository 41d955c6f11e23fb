import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports CPU time to programs in hundredths of a second on every architecture. */
const TICKS_PER_SECOND = 100;

/** Who used the CPU. The load generator is the bench itself. */
export const PARTS = ['postgres', 'server', 'executor', 'load'] as const;
export type Part = (typeof PARTS)[number];

/** CPU seconds by part. */
export type CpuSeconds = Record<Part, number>;

/** CPU seconds used so far; every part but the load with its child processes, those that have ended included. */
export function readCpu(pids: Record<Exclude<Part, 'load'>, number | undefined>): CpuSeconds {
  const { user, system } = process.cpuUsage();
  return {
    postgres: secondsOfTree(pids.postgres),
    server: secondsOfTree(pids.server),
    executor: secondsOfTree(pids.executor),
    load: (user + system) / 1e6,
  };
}

/** What was used between two readings. */
export function cpuBetween(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  return mapParts((part) => after[part] - before[part]);
}

/** CPU seconds that all processes of the machine have used since it started, its interrupts included. */
export function readMachineCpu(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** One number per part. */
export function mapParts(read: (part: Part) => number): CpuSeconds {
  return { postgres: read('postgres'), server: read('server'), executor: read('executor'), load: read('load') };
}

/** Process ids of the children of a process, which for Postgres are all of its processes. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => statOf(candidate)?.parent === pid);
}

function secondsOfTree(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const children = childrenOf(pid).reduce((sum, child) => sum + (statOf(child)?.ticks ?? 0), 0);
  const own = statOf(pid);
  return own === undefined ? 0 : (own.ticks + own.endedChildrenTicks + children) / TICKS_PER_SECOND;
}

function statOf(pid: number): { parent: number; ticks: number; endedChildrenTicks: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // Ended since it was listed; its time is then in its parent's figure for ended children.
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold blanks; everything is counted from behind it (proc(5)).
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map((index) => fields[index]);
  return { parent, ticks: user + system, endedChildrenTicks: endedUser + endedSystem };
}
