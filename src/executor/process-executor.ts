import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type Command, parseImageUri } from '../core/command.ts';
import { MACHINES, type MachinePreset } from '../core/machine-preset.ts';
import type { DispatchTrace, Executor, ManagedAttempt, Outcome } from '../core/outcome.ts';
import { type Fault, faultOfExit, faultOfStart } from './classify-exit.ts';
import { type MemoryWatch, makeMemoryWatch } from './memory-watch.ts';
import { makeOrphanGuard, type OrphanGuard } from './orphan-guard.ts';
import { processEnvironment } from './process-environment.ts';
import { makeProcessFamily } from './process-family.ts';
import { type OutputLimits, readOutput } from './process-output.ts';
import { redact, secretsOf, withoutSecrets } from './redact.ts';

const MIB = 1_024 * 1_024;
/** How often memory is measured. */
const MEASURE_MS = 250;
/** From the polite signal to the one that cannot be refused; less than a server that shuts down waits for its attempts. */
const GRACE_MS = 3_000;

/** What a process executor is made from. */
export interface ProcessExecutorOptions {
  /** What of the server's own environment processes get; see `EnvironmentContext`. */
  readonly base: Readonly<Record<string, string>>;
  /** Where processes report to, once that is known. */
  readonly apiUrl: () => Promise<string>;
  /** Mebibytes that a preset allows; default the documented ones. */
  readonly memoryLimitMb?: (preset: MachinePreset) => number;
  /** Milliseconds from SIGTERM to SIGKILL; default 3,000. */
  readonly graceMs?: number;
  readonly outputLimits?: OutputLimits;
}

/** An {@link Executor} whose processes end with it. */
export interface ProcessExecutor extends Executor<ManagedAttempt> {
  /** Ends all processes; attempts in flight and later ones are `aborted`. */
  close(): Promise<void>;
}

/** Why we end a process ourselves. */
type Stop = 'aborted' | 'timed_out' | 'out_of_memory';

/**
 * Runs user code by starting a process: the command of `image_uri`, without a shell, in the server's working directory, in a session of
 * its own. It is told all it needs by its environment ({@link processEnvironment}); its standard input is empty, and each line it writes
 * is passed on.
 *
 * Code 0 completes the run with the result null, unless the process has reported a result, a failure or a wait before: what it reported
 * counts. Any other exit is a failed attempt. What it has started itself is ended with it. It is ended, politely first, when its time is
 * up or the attempt is aborted, and at once when it and what it has started have more memory resident than its preset allows.
 */
export function makeProcessExecutor(options: ProcessExecutorOptions): ProcessExecutor {
  const { memoryLimitMb = (preset) => MACHINES[preset].memoryMb } = options;
  const shared: Shared = { ...options, memory: makeMemoryWatch(MEASURE_MS), guard: makeOrphanGuard() };
  const closing = new AbortController();
  const underWay = new Set<Promise<Outcome>>();

  async function execute(attempt: ManagedAttempt, signal: AbortSignal): Promise<Outcome> {
    const command = parseImageUri(attempt.imageUri);
    if ('fault' in command) return failed({ errorClass: 'client', message: `image_uri ${command.fault}` }, NOTHING_DONE);
    const limitMb = memoryLimitMb(attempt.preset);
    const apiUrl = await options.apiUrl();
    if (signal.aborted) return { kind: 'aborted' };
    const environment = processEnvironment(attempt, { base: options.base, apiUrl, memoryLimitMb: limitMb });
    const startedAt = performance.now();
    const child = await start(command, environment).catch((error: unknown) => faultOfStart(command.program, error));
    if ('errorClass' in child) return failed(child, NOTHING_DONE);
    const milliseconds = (): number => Math.round(performance.now() - startedAt);
    const startMs = milliseconds();
    const ending = await supervise(child, { attempt, signal, limitMb, shared });
    const compute = { preset: attempt.preset, milliseconds: milliseconds() };
    const trace = {
      connect_ms: startMs,
      ttfb_ms: compute.milliseconds - startMs,
      transfer_ms: 0,
      dispatch_ms: compute.milliseconds,
    };
    return { ...withoutSecrets(attempt, toOutcome(ending, trace)), compute };
  }

  return {
    execute(attempt, signal) {
      if (closing.signal.aborted) return Promise.resolve({ kind: 'aborted' });
      const outcome = execute(attempt, AbortSignal.any([signal, closing.signal])).finally(() => underWay.delete(outcome));
      underWay.add(outcome);
      return outcome;
    },
    async close() {
      closing.abort();
      await Promise.allSettled(underWay);
      shared.guard.close();
    },
  };
}

interface Shared extends Pick<ProcessExecutorOptions, 'graceMs' | 'outputLimits'> {
  readonly memory: MemoryWatch;
  readonly guard: OrphanGuard;
}

type Running = ChildProcess & { readonly pid: number; readonly stdout: Readable; readonly stderr: Readable };

/** Starts a program; rejects with the error of the operating system. */
async function start({ program, args }: Command, env: Record<string, string>): Promise<Running> {
  const child = spawn(program, args, { env, detached: true, shell: false, stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  // It was started, so it has an id, and both are pipes.
  return child as Running;
}

interface Supervision {
  readonly attempt: ManagedAttempt;
  readonly signal: AbortSignal;
  readonly limitMb: number;
  readonly shared: Shared;
}

/** How the process of an attempt ended: stopped by us, or with a fault of its own, or well (null). */
type Ending = { readonly stop: Stop; readonly limitMb: number; readonly preset: MachinePreset } | Fault | null;

async function supervise(child: Running, { attempt, signal, limitMb, shared }: Supervision): Promise<Ending> {
  const { memory, guard, graceMs = GRACE_MS } = shared;
  const exited = exitOf(child);
  const secrets = secretsOf(attempt);
  const output = readOutput(child, (line) => attempt.onLine({ ...line, text: redact(secrets, line.text) }), shared.outputLimits);
  const family = makeProcessFamily(child.pid, `BATON_RUN_TOKEN=${attempt.token}`);
  guard.add(child.pid);
  let stopped: Stop | null = null;
  let killing: NodeJS.Timeout | undefined;

  function stop(reason: Stop): void {
    if (stopped) return;
    stopped = reason;
    if (reason === 'out_of_memory') {
      void family.signal('SIGKILL');
      return;
    }
    void family.signal('SIGTERM');
    killing = setTimeout(() => void family.signal('SIGKILL'), graceMs);
  }

  const abort = (): void => stop('aborted');
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const deadline = setTimeout(() => stop('timed_out'), attempt.timeoutMs);
  const unwatch = memory.watch(family, limitMb * MIB, () => stop('out_of_memory'));
  try {
    const { code, signal: endedBy } = await exited;
    // What comes from here on, the deadline for instance, was not what ended it.
    const reason = stopped;
    stopped ??= 'aborted';
    // What it leaves behind has no run any more.
    await family.sweep();
    await output.finish();
    if (reason) return { stop: reason, limitMb, preset: attempt.preset };
    return faultOfExit({ code, signal: endedBy, tail: output.tail() });
  } finally {
    clearTimeout(deadline);
    clearTimeout(killing);
    unwatch();
    signal.removeEventListener('abort', abort);
    guard.remove(child.pid);
  }
}

function exitOf(child: Running): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // A signal that could not be sent, for instance; whether the process ended is for its exit to say.
    child.on('error', () => undefined);
  });
}

const NOTHING_DONE: DispatchTrace = { connect_ms: 0, ttfb_ms: 0, transfer_ms: 0, dispatch_ms: 0 };

function failed(fault: Fault, trace: DispatchTrace): Outcome {
  return { kind: 'failed', ...fault, trace };
}

function toOutcome(ending: Ending, trace: DispatchTrace): Outcome {
  if (ending === null) return { kind: 'completed', result: null, trace };
  if (!('stop' in ending)) return failed(ending, trace);
  switch (ending.stop) {
    case 'aborted':
      return { kind: 'aborted' };
    case 'timed_out':
      return { kind: 'timed_out', trace };
    case 'out_of_memory': {
      const message = `the process exceeded the ${ending.limitMb} MB of memory of the machine preset ${ending.preset}`;
      return failed({ errorClass: 'out_of_memory', message }, trace);
    }
  }
}
