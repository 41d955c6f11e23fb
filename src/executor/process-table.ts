import { readdir, readFile } from 'node:fs/promises';

/** A process of this machine. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since the machine started: a pid that was given to another process has another one. */
  readonly startedAt: number;
}

/**
 * The processes of this machine that are not dead already; none where there is no `/proc`, which is everywhere but on Linux: memory is
 * not measured there then, and of what a process leaves behind only its own group is ended.
 */
export async function readProcesses(): Promise<ProcessEntry[]> {
  const names = await readdir('/proc').catch(() => []);
  const entries = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readEntry));
  return entries.filter((entry) => entry !== null);
}

/** When a process started, as {@link ProcessEntry} counts it, also of one that is dead but not buried yet; 0 when it is not known. */
export async function startOf(pid: number): Promise<number> {
  return Number((await readStat(pid))?.[STARTED_AT] ?? 0);
}

async function readEntry(pid: string): Promise<ProcessEntry | null> {
  const fields = await readStat(pid);
  if (!fields) return null;
  const [state, parent, group, session] = fields;
  if (state === 'Z' || state === 'X') return null;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startedAt: Number(fields[STARTED_AT]),
  };
}

/** The state is the third field of all, see proc(5), and the start the 22nd. */
const STARTED_AT = 22 - 3;

/** The fields of a process from its state on; null when there is no such process. */
async function readStat(pid: number | string): Promise<string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  // The name of the program stands in parentheses and may contain any character, parentheses and blanks among them.
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Bytes that a process has resident; 0 for one that is gone. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** True when a process was started with this in its environment; false for one that we may not ask. */
export async function wasStartedWith(pid: number, variable: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(variable);
}

/**
 * The processes that belong to a leader of a session of its own: those of its session and group, what they have started, and what
 * those that are `known` from before (pid to start) have started, also after it has left session and parent.
 */
export function familyOf(leader: number, table: readonly ProcessEntry[], known: ReadonlyMap<number, number>): ProcessEntry[] {
  const family = new Set(
    table.filter(
      ({ pid, group, session, startedAt }) =>
        pid === leader || group === leader || session === leader || known.get(pid) === startedAt,
    ),
  );
  const pids = new Set([...family].map(({ pid }) => pid));
  for (let before = -1; before < family.size; ) {
    before = family.size;
    for (const entry of table) {
      if (!pids.has(entry.parent) || family.has(entry)) continue;
      family.add(entry);
      pids.add(entry.pid);
    }
  }
  return [...family];
}
