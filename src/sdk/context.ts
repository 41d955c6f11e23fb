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

/** A JSON object from which a handler can go on. */
export type CheckpointState = Readonly<Record<string, unknown>>;

/** A call of a language model. */
export interface Usage {
  readonly provider: string;
  readonly model: string;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  /** The sum of the two when left out. */
  readonly totalTokens?: number;
  /** What it cost, in millionths of a US dollar. */
  readonly costMicrousd?: number;
}

/** A call of a tool. */
export interface ToolCall {
  readonly name: string;
  /** Any JSON up to 256 KB. */
  readonly input?: unknown;
  /** Any JSON up to 256 KB. */
  readonly output?: unknown;
  readonly durationMs?: number;
  /** How it ended, in words of your own. */
  readonly status?: string;
}

/** Values that a run keeps from one attempt to the next: keys of 1 to 256 characters, values of any JSON up to 64 KB. */
export interface StateStore {
  /** The value under a key; undefined when there is none. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /** All values by their keys. */
  list(): Promise<ReadonlyMap<string, unknown>>;
  /** Forgets a value; that there is none is no error. */
  delete(key: string): Promise<void>;
}

/** How a run is continued. */
export interface ContinueOptions {
  /** Names the continuation within this run, as `key` of a spawn names a child; `continue:<n>` for the n-th by default. */
  readonly key?: string;
}

/** Where a piece of text goes. */
export interface StreamOptions {
  /** Which stream of the run it continues, `default` when left out; at most 128 characters. */
  readonly streamId?: string;
  /** Whether the stream ends with it. */
  readonly done?: boolean;
}

/** How children are waited for. */
export interface WaitOptions {
  /** The longest the run waits, in seconds. */
  readonly timeoutSecs?: number;
}

/** How an event is waited for. */
export interface EventOptions {
  /** The longest the run waits, in seconds, up to 30 days; an hour when left out. A wait that lasts longer ends the run as timed out. */
  readonly timeoutSecs?: number;
  /** Who is told once, by a POST signed with the secret of the job, that the run waits. */
  readonly notifyUrl?: string;
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
  /**
   * Streams a piece of text, such as the next tokens of a model, to whoever follows the run. Sent in order, in the background, several
   * pieces to a request, and all of them before the run ends.
   */
  stream(chunk: string, options?: StreamOptions): void;
  /** Stores a named value with the run, in place of the one before under that key. A JSON Schema given with it is checked by Baton. */
  output(key: string, value: unknown, schema?: object): Promise<void>;
  /** The newest checkpoint that this run has saved, in this attempt's past or in an earlier attempt; null when there is none. */
  readonly lastCheckpoint: CheckpointState | null;
  /** Saves where the run can go on: the handler that runs next finds it in `lastCheckpoint`. At most 1 MB of JSON. */
  checkpoint(state: CheckpointState): Promise<{ readonly sequence: number }>;
  /** Notes a call of a language model. Sent in the background, as log lines are, but never dropped. */
  usage(usage: Usage): void;
  /** Notes a call of a tool. Sent in the background, as log lines are, but never dropped. */
  toolCall(call: ToolCall): void;
  /** What the run keeps from one attempt to the next. */
  readonly state: StateStore;
  /** Adds names and values to the metadata of the run, by which runs can be found. */
  annotate(annotations: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Starts a run of this job that carries on where this one leaves off, with the payload given or else the same; this run goes on as it
   * is, and usually ends soon.
   */
  continueWith(payload?: unknown, options?: ContinueOptions): Promise<ChildHandle>;
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
  /**
   * Waits until somebody sends an event to `key` (1 to 512 characters, in use by one wait of the project at a time) and answers its
   * payload, which nobody has checked: whoever may write runs may send it.
   *
   * As with `waitForChildren`, waiting holds nothing, and **the handler runs again from its first line** when the event has come; this call
   * then answers. Within one run a key is one event: waiting for it again answers the same payload. Rejects with a `BatonError` of status
   * 409 when another run waits for the key.
   */
  waitForEvent<Payload = unknown>(key: string, options?: EventOptions): Promise<Payload>;
}
