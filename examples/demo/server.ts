import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REPOSITORY = join(import.meta.dirname, '../..');
const START_MS = 60_000;
const POLL_MS = 100;
/** Longer than the server itself drains. */
const STOP_MS = 40_000;
const OUTPUT_KEPT = 4_000;

/** A server to run the demo on. */
export interface DemoServer {
  readonly url: string;
  readonly apiKey: string;
  readonly projectId: string;
  /** True when it was started for the demo, and so ends with it. */
  readonly isOurs: boolean;
  /** Stops the server if it is ours. */
  stop(): Promise<void>;
}

/** Finds the server at 127.0.0.1:$PORT, or starts one from this repository with the environment of this process. */
export async function findOrStartServer(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<DemoServer> {
  const url = `http://127.0.0.1:${env['PORT'] ?? '8080'}`;
  const running = (await probe(url)) !== 'nobody';
  const ours = running ? null : startServer(env);
  const stop = async (): Promise<void> => {
    if (ours) await ours.stop();
  };
  try {
    await untilReady(url, { signal, failure: () => ours?.failure() ?? null });
    return { url, apiKey: await readApiKey(env), projectId: env['BATON_PROJECT_ID'] ?? 'default', isOurs: ours !== null, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(
  url: string,
  waiting: { readonly signal: AbortSignal; readonly failure: () => string | null },
): Promise<void> {
  const giveUpAt = performance.now() + START_MS;
  while ((await probe(url)) !== 'ready') {
    const failure = waiting.failure();
    if (failure !== null) throw new Error(`the server ended before it was ready:\n${failure}`);
    if (performance.now() > giveUpAt)
      throw new Error(`nothing at ${url}/readyz was ready within ${START_MS / 1_000} s: is it a Baton server?`);
    await sleep(POLL_MS, undefined, { signal: waiting.signal });
  }
}

async function probe(url: string): Promise<'ready' | 'busy' | 'nobody'> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok ? 'ready' : 'busy';
  } catch (error) {
    // Whoever accepts connections but does not answer in time is there.
    return error instanceof Error && error.name === 'TimeoutError' ? 'busy' : 'nobody';
  }
}

async function readApiKey(env: NodeJS.ProcessEnv): Promise<string> {
  if (env['BATON_API_KEY']) return env['BATON_API_KEY'];
  const file = join(resolve(REPOSITORY, env['DATA_DIR'] ?? '.baton'), 'api-key');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(`no API key: set BATON_API_KEY to the key of the running server (${file} cannot be read)`, { cause });
  }
}

interface ServerProcess {
  /** What it last printed, if it has ended; else null. */
  failure(): string | null;
  stop(): Promise<void>;
}

function startServer(env: NodeJS.ProcessEnv): ServerProcess {
  // In a group of its own, so that Ctrl-C in the terminal reaches the demo alone, which then stops things in their order.
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: REPOSITORY,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(`${error.message}\n`)));
  // However the demo ends, the server must not outlive it.
  const killAtExit = (): void => void child.kill('SIGTERM');
  process.once('exit', killAtExit);
  return {
    failure: () => (hasEnded(child) ? output : null),
    async stop() {
      process.off('exit', killAtExit);
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
