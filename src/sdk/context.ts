import type { ChildHandle, ChildResult } from './children.ts';
import type { JobRef, PayloadInput, ResultOf } from './job.ts';

/** Writes lines to the run's log. They are sent in order, in the background, and all of them before the run ends. */
export interface Logger {
  debug(message: string, data?: LogData): void;
  info(message: string, data?: LogData): void;
  warn(message: string, data?: LogData): void;
  error(message: string, data?: LogData): void;
}

/** Anything JSON can carry, kept with a log line as it was when the line was written. */
export type LogData = Readonly<Record<string, unknown>>;

/** What a progress report may say beside percent and message. */
export interface ProgressDetails {
  /** Which step the run is in. */
  readonly step?: string;
  /** Seconds until the work is expected to end. */
  readonly etaSecs?: number;
}

/** How a child is spawned. */
export interface SpawnOptions {
  /**
   * Names the child within this run, at most 256 characters: a handler that runs again and spawns under the same key gets the child
   * it already has. The default is `<job>:<n>` for the n-th spawn of that job, which suits handlers that spawn in a fixed order.
   */
  readonly key?: string;
  /** 0 (default) to 10, higher goes first. */
  readonly priority?: number;
  /** Also wait for the child; `spawn` then answers its result, and all that `waitForChildren` says applies. */
  readonly await?: boolean;
  /** With `await`: the longest the run waits, in seconds. */
  readonly timeoutSecs?: number;
}

/** How children are waited for. */
export interface WaitOptions {
  /** The longest the run waits, in seconds. */
  readonly timeoutSecs?: number;
}

/** What a handler works with. */
export interface JobContext<Payload = unknown> {
  readonly runId: string;
  readonly jobSlug: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Why the attempt before this one failed; null on the first. */
  readonly previousError: string | null;
  readonly payload: Payload;
  /**
   * Aborts when this attempt should stop: the run was canceled or taken over, its time is up, or the executor shuts down. Its reason
   * is a `RunAbortedError`. Hand it to whatever takes long: `fetch`, timers, child processes.
   */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Reports how far the run is, 0 to 100. Of reports made faster than they can be sent only the newest goes out. */
  progress(percent: number, message: string, details?: ProgressDetails): void;
  /** Stores a named value with the run, in place of the one before under that key. A JSON Schema given with it is checked by Baton. */
  output(key: string, value: unknown, schema?: object): Promise<void>;
  /** Starts a child run of a job of the same project, or meets the one already started under the same key. */
  spawn<J extends JobRef | string, O extends SpawnOptions>(
    job: J,
    payload: PayloadInput<J>,
    options?: O,
  ): Promise<O extends { readonly await: true } ? ChildResult<ResultOf<J>> : ChildHandle<ResultOf<J>>>;
  /**
   * Waits until children have ended and answers their results in the order of `handles`; without handles, for every child of the run.
   *
   * Waiting holds no connection and no process. Unless all have ended already, this call throws `RunAborted('suspended')` to leave the
   * handler, the run becomes `waiting`, and when the last child ends **the handler runs again from its first line**: its spawns meet
   * the children they made before, and this call then answers. So spawn with stable keys or in a stable order, keep what stands
   * before this call cheap or repeatable, and never catch a `RunAbortedError` without throwing it on.
   */
  waitForChildren<const H extends readonly ChildHandle[] = readonly ChildHandle[]>(
    handles?: H,
    options?: WaitOptions,
  ): Promise<{ -readonly [K in keyof H]: ChildResult<H[K] extends ChildHandle<infer R> ? R : unknown> }>;
}
