import type { JsonValue } from './json.ts';
import type { MachinePreset } from './machine-preset.ts';

/**
 * Why an attempt failed, as far as retrying is concerned (reference semantics §2.5). `client` and `auth` are never retried: the same
 * request would be refused again. `transient` covers everything between us and the executor; `heartbeat_lost` is an executor or
 * server that went silent; `invalid_response` is an answer that could not be read; `out_of_memory` is a process that needs a larger
 * machine.
 */
export const ERROR_CLASSES = [
  'rate_limited',
  'auth',
  'client',
  'server',
  'transient',
  'invalid_response',
  'timeout',
  'heartbeat_lost',
  'out_of_memory',
  'unknown',
] as const;

/** A member of {@link ERROR_CLASSES}. */
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** How long each phase of a dispatch took, in whole milliseconds; the documented `execution_trace`. */
export interface ExecutionTrace {
  readonly queue_wait_ms: number;
  readonly dequeue_ms: number;
  readonly connect_ms: number;
  readonly ttfb_ms: number;
  readonly transfer_ms: number;
  readonly total_ms: number;
  /** connect + ttfb + transfer. */
  readonly dispatch_ms: number;
}

/** The part of an {@link ExecutionTrace} that the executor itself can see. */
export type DispatchTrace = Pick<ExecutionTrace, 'connect_ms' | 'ttfb_ms' | 'transfer_ms' | 'dispatch_ms'>;

/** A body as it is kept: its text, at most 16 KB of it, and how many bytes had been sent or read. */
export interface CapturedBody {
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
}

/** What went over the wire in one dispatch, without its secrets. */
export interface CapturedExchange {
  readonly request: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: CapturedBody;
  };
  /** Null when no answer had begun. */
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: CapturedBody;
  } | null;
  /** Whether the answer was read to its end, and if not, what ended it. */
  readonly ended: string;
}

/** The machine time an attempt has used, whatever came of it. */
export interface ComputeUsed {
  readonly preset: MachinePreset;
  readonly milliseconds: number;
}

/**
 * How one attempt ended. Expected endings are values: an `Executor` never throws for anything user code or the network did. `exchange` is
 * set for an attempt that asked to be captured, `compute` for one that a process of ours has worked on.
 */
export type Outcome = Ending & { readonly exchange?: CapturedExchange; readonly compute?: ComputeUsed };

type Ending =
  | { readonly kind: 'completed'; readonly result: JsonValue; readonly trace: DispatchTrace }
  /** The executor took the run and will report over `/sdk/v1`. */
  | { readonly kind: 'accepted'; readonly trace: DispatchTrace }
  | {
      readonly kind: 'failed';
      readonly errorClass: ErrorClass;
      readonly message: string;
      /** The HTTP status of the answer, where one began. */
      readonly status?: number;
      /** What the executor asked for in `Retry-After`, capped at one hour. */
      readonly retryAfterMs?: number;
      readonly trace: DispatchTrace;
    }
  | { readonly kind: 'timed_out'; readonly trace: DispatchTrace }
  /** We stopped waiting ourselves (the run was canceled, or this process is shutting down); says nothing about the run. */
  | { readonly kind: 'aborted' };

/** One attempt of one run, wherever its code is; payload and checkpoint are JSON text, passed on untouched. */
export interface AnyAttempt {
  readonly runId: string;
  readonly jobId: string;
  readonly jobSlug: string;
  readonly projectId: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly token: string;
  readonly payload: string;
  readonly timeoutMs: number;
  readonly traceparent: string | null;
  /** Set on a retry. */
  readonly previousError: string | null;
  /** JSON text of the newest checkpoint's state, set when there is one that is not too large to be handed over. */
  readonly lastCheckpoint: string | null;
  /** The number of the newest checkpoint, set when there is one; with it a state that was not handed over can be fetched. */
  readonly checkpointSequence: number | null;
  /** What the job runs with; nothing when left out. */
  readonly environment?: AttemptEnvironment;
}

/** An attempt for an endpoint, with everything that calling it needs. */
export interface Attempt extends AnyAttempt {
  readonly endpointUrl: string;
  readonly signingSecret: string;
  /** Keep what goes over the wire; false when left out. */
  readonly capture?: boolean;
}

/** What an attempt is handed besides its payload: texts by names of A-Z, 0-9 and `_`, all of them safe as values of headers. */
export interface AttemptEnvironment {
  /** Slug of the environment; null for a job in none. */
  readonly slug: string | null;
  readonly variables: Readonly<Record<string, string>>;
  /** Never to be logged, stored or answered. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** A line that a process has written. */
export interface ProcessLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** An attempt for a process that we start. */
export interface ManagedAttempt extends AnyAttempt {
  /** `exec:<command>`, see `command.ts`. */
  readonly imageUri: string;
  readonly preset: MachinePreset;
  /** Takes what the process writes, line by line; resolves to false when nobody wants any more of it. */
  readonly onLine: (line: ProcessLine) => Promise<boolean>;
}

/** Runs user code for one attempt. Implementations differ in where that code lives; the outcome is all that leaves them. */
export interface Executor<Of extends AnyAttempt = Attempt> {
  execute(attempt: Of, signal: AbortSignal): Promise<Outcome>;
}
