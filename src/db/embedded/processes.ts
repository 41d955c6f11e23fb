import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../secret-file.ts';

/** One use of a cluster, by this process or another. */
export interface Attachment {
  /** Withdraws this use; true when no other living process uses the cluster, so that it is ours to stop. */
  release(): Promise<boolean>;
}

/**
 * Notes in `directory` that this process uses the cluster beside it. A note's name holds a pid and when that process started, so that
 * one left behind by a crash counts for nothing, also when the pid has been given out again.
 */
export async function attach(directory: string): Promise<Attachment> {
  await mkdir(directory, { recursive: true });
  const note = join(directory, `${process.pid}.${await startOf(process.pid)}.${randomUUID()}`);
  await writeFile(note, '', { mode: 0o600 });
  return {
    release: async () => {
      await rm(note, { force: true });
      return !(await isUsed(directory));
    },
  };
}

/** True when any living process has a note in `directory`; notes of the dead are removed on the way. */
export async function isUsed(directory: string): Promise<boolean> {
  const notes = await readdir(directory).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  });
  const living = await Promise.all(
    notes.map(async (name) => {
      const [pid, started] = name.split('.');
      if ((await isAlive(Number(pid))) && (await startOf(Number(pid))) === started) return true;
      await rm(join(directory, name), { force: true });
      return false;
    }),
  );
  return living.includes(true);
}

/** True when a process of that pid runs, whoever owns it; a zombie does not. */
export async function isAlive(pid: number): Promise<boolean> {
  if (process.platform === 'linux') return (await startOf(pid)) !== 'dead';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** When a process started, in ticks since the machine did; `unknown` where there is no /proc, `dead` for one gone or a zombie. */
async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return 'unknown';
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command name stands in parentheses and may hold spaces and parentheses of its own; fields 3 and on follow the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'dead' : (fields[19] ?? 'unknown');
  } catch {
    // Gone, or its /proc entry is hidden from us: not a process that attached here as this user.
    return 'dead';
  }
}
