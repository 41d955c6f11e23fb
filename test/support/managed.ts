import { onTestFinished } from 'vitest';
import type { ManagedAttempt, ProcessLine } from '../../src/core/outcome.ts';
import { makeProcessExecutor, type ProcessExecutor, type ProcessExecutorOptions } from '../../src/executor/process-executor.ts';

/** What test processes get of this one's environment. */
export const BASE = { PATH: process.env['PATH'] ?? '', LANG: 'C' };

/** A process executor for one test, closed when it ends. */
export function startProcessExecutor(options: Partial<ProcessExecutorOptions> = {}): ProcessExecutor {
  const executor = makeProcessExecutor({ base: BASE, apiUrl: async () => 'http://127.0.0.1:9', graceMs: 500, ...options });
  onTestFinished(() => executor.close());
  return executor;
}

/** An attempt of a managed run with everything set to something plain, and the lines it was told. */
export function makeManagedAttempt(command: string, overrides: Partial<ManagedAttempt> = {}) {
  const lines: ProcessLine[] = [];
  const listeners = new Set<() => void>();
  const attempt: ManagedAttempt = {
    runId: '0190a0b0-0000-7000-8000-000000000001',
    jobId: '0190a0b0-0000-7000-8000-000000000002',
    jobSlug: 'count',
    projectId: 'default',
    attempt: 1,
    epoch: 4,
    token: `token-${Math.random()}`,
    payload: '{"page":1}',
    timeoutMs: 10_000,
    traceparent: null,
    previousError: null,
    lastCheckpoint: null,
    checkpointSequence: null,
    imageUri: `exec:${command}`,
    preset: 'micro',
    onLine: async (line) => {
      lines.push(line);
      for (const listener of listeners) listener();
      return true;
    },
    ...overrides,
  };
  /** Resolves with the first line that matches. */
  async function line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = lines.find(({ text }) => pattern.test(text));
      if (found) return found.text;
      await new Promise<void>((resolve) => listeners.add(resolve));
      listeners.clear();
    }
  }
  return { attempt, lines, line };
}

/** A command that runs a script in Node. */
export function node(script: string): string {
  return `node -e '${script}'`;
}

/** True while there is a process with this id that is not dead already. */
export async function isAlive(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  return stat !== null && !/^\d+ \(.*\) [ZX] /s.test(stat);
}
