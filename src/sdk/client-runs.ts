import type { MachinePreset } from './client-jobs.ts';
import { BatonError, isTransient } from './errors.ts';
import { asRecord } from './http.ts';
import type { JobRef, PayloadInput, ResultOf } from './job.ts';
import type { Rest } from './rest.ts';
import { type RunChunk, type StreamRunOptions, streamRun } from './run-chunks.ts';
import { type RunEvent, type WatchOptions, watchRun } from './run-events.ts';
import { isFinal, type RunStatus } from './run-status.ts';
import { toCamelKeys, toSnakeKeys } from './wire-names.ts';

const FIRST_POLL_MS = 250;
const MAX_POLL_MS = 5_000;

declare const resultType: unique symbol;

/** A run that was triggered; hand it to `wait` to get its result with its type. */
export interface TriggeredRun<Result = unknown> {
  readonly id: string;
  readonly status: RunStatus;
  /** True when a run with this idempotency key was there already, and this is it. */
  readonly idempotencyHit: boolean;
  /** Carries a type only; never set. */
  readonly [resultType]?: Result;
}

/** A run as Baton has it. */
export interface Run<Result = unknown> {
  readonly id: string;
  readonly jobId: string;
  readonly projectId: string;
  readonly status: RunStatus;
  readonly attempt: number;
  readonly payload: unknown;
  /** What a completed run yields, else null. */
  readonly result: Result | null;
  /** Why the last attempt failed, else null. */
  readonly error: string | null;
  /** RFC 3339, like every time. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Every other field, in camelCase. */
  readonly [field: string]: unknown;
}

/** How a run is triggered. */
export interface TriggerOptions {
  /** Triggers under one key make one run while it has not ended; with a key a trigger whose answer was lost is repeated. */
  readonly idempotencyKey?: string;
  /** 0 (default) to 10, higher goes first. */
  readonly priority?: number;
  /** Not before this time. */
  readonly scheduledAt?: Date | string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Seconds after which a run not yet started expires. */
  readonly ttlSecs?: number;
  readonly concurrencyKey?: string;
}

/** How long to wait for a run. */
export interface WaitForRunOptions {
  readonly signal?: AbortSignal;
  /** Without it `wait` waits as long as the run takes. */
  readonly timeoutMs?: number;
}

/** How a managed run is restarted. */
export interface RestartOptions {
  /** How much memory it has from now on; that which it had by default. */
  readonly machinePreset?: MachinePreset;
}

/** Runs of the key's project. */
export interface RunsClient {
  /**
   * Triggers a run of a job, named by slug, id or a `job` that has a slug. Throws a `BatonError` with the code `DEFERRED` when the job
   * debounces or gathers its triggers: this one was taken on, and there is no run to name yet.
   */
  trigger<J extends JobRef | string>(
    job: J,
    payload: PayloadInput<J>,
    options?: TriggerOptions,
  ): Promise<TriggeredRun<ResultOf<J>>>;
  get<R = unknown>(run: string | TriggeredRun<R>): Promise<Run<R>>;
  /** Cancels a run and its children. Throws when it has ended already. */
  cancel(run: string | TriggeredRun): Promise<void>;
  /** Stops the process of a managed run until it is resumed; it keeps its last checkpoint. Throws unless it executes or is paused. */
  pause<R = unknown>(run: string | TriggeredRun<R>): Promise<Run<R>>;
  /** Lets a paused run go on from its last checkpoint. Throws when it is not paused. */
  resume<R = unknown>(run: string | TriggeredRun<R>): Promise<Run<R>>;
  /** Starts the process of a managed run anew from its last checkpoint. Throws unless it executes or is paused. */
  restart<R = unknown>(run: string | TriggeredRun<R>, options?: RestartOptions): Promise<Run<R>>;
  /**
   * Waits until a run has ended, however it ended, and answers it. Throws a `BatonError` with the code `TIMEOUT` when `timeoutMs` pass
   * first, and the signal's reason when that aborts.
   */
  wait<R = unknown>(run: string | TriggeredRun<R>, options?: WaitForRunOptions): Promise<Run<R>>;
  /**
   * The history of a run, then live, each event once, over lost connections and restarts of the server; ends when the run does. Throws the
   * signal's reason when that aborts.
   */
  watch(run: string | TriggeredRun, options?: WatchOptions): AsyncGenerator<RunEvent, void, undefined>;
  /** What a run streams, piece by piece, as `watch` follows its events. */
  stream(run: string | TriggeredRun, options?: StreamRunOptions): AsyncGenerator<RunChunk, void, undefined>;
}

/** Makes the client for runs. */
export function makeRunsClient(rest: Rest): RunsClient {
  async function get<R>(run: string | TriggeredRun<R>, signal?: AbortSignal): Promise<Run<R>> {
    return toRun<R>(await rest.repeatable({ method: 'GET', path: runPath(run), signal }));
  }

  const isOver = (run: string | TriggeredRun, signal: AbortSignal | undefined) => async (): Promise<boolean> =>
    isFinal((await get(run, signal)).status);

  function watch(run: string | TriggeredRun, options: WatchOptions = {}): AsyncGenerator<RunEvent, void, undefined> {
    return watchRun(rest, idOf(run), { ...options, isOver: isOver(run, options.signal) });
  }

  async function untilFinal(run: string | TriggeredRun, signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of watch(run, { types: ['state_change'], signal })) {
        // Only the end matters.
      }
    } catch (error) {
      // A server or proxy that has no event streams; if it is the run or the key that is wrong, asking for the run says so.
      if (!(error instanceof BatonError) || isTransient(error)) throw error;
      await poll(run, signal);
    }
  }

  async function poll(run: string | TriggeredRun, signal: AbortSignal): Promise<void> {
    for (let delayMs = FIRST_POLL_MS; !isFinal((await get(run, signal)).status); delayMs = Math.min(delayMs * 1.5, MAX_POLL_MS)) {
      await rest.clock.sleep(delayMs, signal);
    }
  }

  return {
    async trigger(job, payload, options = {}) {
      const path = `/v1/jobs/${encodeURIComponent(typeof job === 'string' ? job : job.slug)}/trigger`;
      const { idempotencyKey, ...others } = options;
      const request = { method: 'POST', path, json: triggerJson(payload, others) } as const;
      const row = asRecord(
        idempotencyKey
          ? await rest.repeatable({ ...request, headers: { 'idempotency-key': idempotencyKey } })
          : await rest.once(request),
      );
      if (row['debounced'] === true || row['buffered'] === true)
        throw new BatonError('the trigger was taken on, but its job debounces or gathers triggers: there is no run yet', {
          status: 202,
          code: 'DEFERRED',
        });
      if (typeof row['id'] !== 'string')
        throw new BatonError('Baton did not name the run', { status: 200, code: 'INVALID_RESPONSE' });
      // A status newer than this SDK is still a status.
      return { id: row['id'], status: row['status'] as RunStatus, idempotencyHit: row['idempotency_hit'] === true };
    },
    get: (run) => get(run),
    async cancel(run) {
      await rest.once({ method: 'DELETE', path: runPath(run) });
    },
    async pause<R>(run: string | TriggeredRun<R>) {
      return toRun<R>(await rest.once({ method: 'POST', path: `${runPath(run)}/pause` }));
    },
    async resume<R>(run: string | TriggeredRun<R>) {
      return toRun<R>(await rest.once({ method: 'POST', path: `${runPath(run)}/resume` }));
    },
    async restart<R>(run: string | TriggeredRun<R>, options: RestartOptions = {}) {
      const json = JSON.stringify(toSnakeKeys({ ...options }));
      return toRun<R>(await rest.once({ method: 'POST', path: `${runPath(run)}/restart`, json }));
    },
    async wait(run, options = {}) {
      const limit = new AbortController();
      const stop = (): void => limit.abort(options.signal?.reason);
      const timedOut = new BatonError(`run ${idOf(run)} has not ended within ${options.timeoutMs} ms`, {
        status: 0,
        code: 'TIMEOUT',
      });
      const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => limit.abort(timedOut), options.timeoutMs);
      options.signal?.addEventListener('abort', stop, { once: true });
      if (options.signal?.aborted) stop();
      try {
        await untilFinal(run, limit.signal);
        return await get(run, limit.signal);
      } finally {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', stop);
      }
    },
    watch,
    stream: (run, options = {}) => streamRun(rest, idOf(run), { ...options, isOver: isOver(run, options.signal) }),
  };
}

/** The body of a trigger, or one item of many. */
export function triggerJson(payload: unknown, options: Omit<TriggerOptions, 'idempotencyKey'>): string {
  const { scheduledAt, ...others } = options;
  const scheduled_at = scheduledAt instanceof Date ? scheduledAt.toISOString() : scheduledAt;
  // JSON leaves out what is undefined; a payload that is undefined is null.
  return JSON.stringify({ payload: payload ?? null, scheduled_at, ...toSnakeKeys(others) });
}

function idOf(run: string | TriggeredRun): string {
  return typeof run === 'string' ? run : run.id;
}

function runPath(run: string | TriggeredRun): string {
  return `/v1/runs/${encodeURIComponent(idOf(run))}`;
}

function toRun<R>(row: unknown): Run<R> {
  const absent = { result: null, error: null, startedAt: null, finishedAt: null };
  // Baton's own answer, described by its OpenAPI document; the type of the result is the caller's claim about the job.
  return { ...absent, ...toCamelKeys(asRecord(row)) } as unknown as Run<R>;
}
