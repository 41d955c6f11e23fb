import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** What a service manager waits before it starts again what has ended. */
const RESTART_MS = 100;

/** The admin key of every server process. */
export const PROCESS_KEY = 'a-key-for-server-processes';

/** A server in a process of its own, which is started again at the same address whenever it ends, as a service manager would. */
export interface ServerProcess {
  readonly url: string;
  /** Ends it as a power cut would; resolves when it has ended. */
  kill(): Promise<void>;
  /** As `kill`; resolves when it is back and ready. */
  crash(): Promise<void>;
  /** Ends it as a service manager would, for good; resolves with its exit code and signal. */
  stop(): Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
}

/** Starts a server process on a database; resolves when it is ready. */
export async function startServerProcess(databaseUrl: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  let isStopping = false;

  function start(): void {
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
    child.once('exit', () => {
      if (!isStopping) setTimeout(() => isStopping || start(), RESTART_MS);
    });
  }

  async function kill(): Promise<void> {
    if (hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  start();
  await readiness(url);
  return {
    url,
    kill,
    async crash() {
      await kill();
      await readiness(url);
    },
    async stop() {
      isStopping = true;
      if (!hasEnded(child)) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      return [child.exitCode, child.signalCode];
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
/** Starting takes a second; ten, and more, on a machine that runs other tests meanwhile. */
const READY_MS = 60_000;

async function readiness(url: string): Promise<void> {
  let last = 'nothing';
  for (const giveUpAt = performance.now() + READY_MS; performance.now() < giveUpAt; await delay(50)) {
    const answer = await fetch(`${url}/readyz`).catch((error: Error) => String(error.cause));
    if (typeof answer === 'string') last = answer;
    else if (answer.ok) return;
    else last = await answer.text();
  }
  throw new Error(`no server at ${url} within ${READY_MS} ms: ${last}`);
}
