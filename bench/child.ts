import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_TIMEOUT_MS = 15_000;

/** A process to start. Its output goes to our standard error, so that standard output is the table alone. */
export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** A process that runs until `stop`. */
export interface Child {
  name: string;
  pid: number;
  /** True until the process has ended. */
  isRunning(): boolean;
  /** SIGTERM, then SIGKILL after 15 seconds; resolves when it has ended. May be called again. */
  stop(): Promise<void>;
}

/** Starts a process that is killed at the latest when this one exits. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const process_ = spawn(spec.command, spec.args, { env: spec.env, stdio: ['ignore', 2, 2] });
  await once(process_, 'spawn');
  return toChild(spec.name, process_);
}

/**
 * Starts one of the programs of this folder and waits until it says that it is ready. It shares a channel with us and ends itself
 * when that closes, so it cannot outlive us.
 */
export async function startProgram(name: string, file: URL, env: NodeJS.ProcessEnv): Promise<Child> {
  const process_ = spawn(process.execPath, [file.pathname], { env, stdio: ['ignore', 2, 2, 'ipc'] });
  await once(process_, 'spawn');
  const child = toChild(name, process_);
  const ready = once(process_, 'message').then(() => true);
  const ended = once(process_, 'exit').then(() => false);
  if (!(await Promise.race([ready, ended]))) throw new Error(`The ${name} ended before it was ready; see its output above.`);
  return child;
}

/** Called by a program of this folder: tells the parent that it is ready, and ends with it. */
export function reportReady(): void {
  process.on('disconnect', () => process.exit(1));
  process.send?.('ready');
}

function toChild(name: string, process_: ChildProcess): Child {
  const { pid } = process_;
  if (pid === undefined) throw new Error(`The ${name} has no process id although it was started.`);
  const isRunning = () => process_.exitCode === null && process_.signalCode === null;
  const killNow = () => process_.kill('SIGKILL');
  process.on('exit', killNow);
  let isAsked = false;
  const exited = once(process_, 'exit').then(([code, signal]) => {
    process.off('exit', killNow);
    if (!isAsked || code > 0) process.stderr.write(`The ${name} ended with ${signal ?? `exit code ${code}`}.\n`);
  });
  const stop = async () => {
    isAsked = true;
    if (!isRunning()) return;
    process_.kill('SIGTERM');
    const patience = new AbortController();
    const tooLong = delay(STOP_TIMEOUT_MS, 'too long', { signal: patience.signal }).catch(() => 'in time');
    const outcome = await Promise.race([exited.then(() => 'in time'), tooLong]);
    patience.abort();
    if (outcome === 'in time') return;
    process.stderr.write(`The ${name} did not end within ${STOP_TIMEOUT_MS / 1000} s of SIGTERM and is killed.\n`);
    killNow();
    await exited;
  };
  return { name, pid, isRunning, stop };
}
