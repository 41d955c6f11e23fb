import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The admin key of every server process. */
export const PROCESS_KEY = 'a-key-for-server-processes';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** Ends it as a power cut would, and starts it again at the same address; resolves when it is ready. */
  crash(): Promise<void>;
  /** Ends it as a service manager would. */
  stop(): Promise<void>;
}

/** Starts a server process on a database; resolves when it is ready. */
export async function startServerProcess(databaseUrl: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        BATON_API_KEY: PROCESS_KEY,
        BATON_SECRET: 'a secret for server processes, long enough',
        ALLOW_PRIVATE_ENDPOINTS: 'true',
        PORT: String(port),
        LOG_LEVEL: 'silent',
        BATON_LEASE_SECS: '3',
        BATON_REAPER_SECS: '1',
        BATON_POLL_SECS: '1',
        ...env,
      },
    });
    await readiness(url);
  }

  await start();
  return {
    url,
    async crash() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await start();
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function readiness(url: string): Promise<void> {
  for (const giveUpAt = performance.now() + 30_000; performance.now() < giveUpAt; await delay(50)) {
    const ready = await fetch(`${url}/readyz`).catch(() => null);
    if (ready?.ok) return;
  }
  throw new Error(`no server at ${url} within 30 s`);
}
