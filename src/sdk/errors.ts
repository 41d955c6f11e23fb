/** What is known about a call that failed, beside its message. */
export interface BatonErrorOptions extends ErrorOptions {
  readonly status: number;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  readonly details?: readonly unknown[];
  readonly retryAfterMs?: number | undefined;
}

/** A call to Baton that failed: it answered with an error, or it did not answer. */
export class BatonError extends Error {
  override readonly name = 'BatonError';
  /** The HTTP status, or 0 when no answer arrived. */
  readonly status: number;
  /** Baton's error code when it named one; `NETWORK`, `TIMEOUT`, `INVALID_RESPONSE` and `DEFERRED` are the SDK's own. */
  readonly code: string | undefined;
  /** Quote this when asking about the error; it names the request in the server's log. */
  readonly requestId: string | undefined;
  /** One entry per offending field, as the server sent them. */
  readonly details: readonly unknown[];
  /** How long the server asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: BatonErrorOptions) {
    super(message, options);
    this.status = options.status;
    this.code = options.code;
    this.requestId = options.requestId;
    this.details = options.details ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for failures that say nothing about the request itself, so that the same request may succeed a moment later. */
export function isTransient(error: BatonError): boolean {
  if (error.code === 'INVALID_RESPONSE') return false;
  return error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
}

/** Thrown by a handler to fail its run for good: trying again would fail in the same way. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

const ABORT_MESSAGES = {
  canceled: 'the run is being canceled',
  lost: 'the run was canceled, timed out, or taken over by another attempt',
  ended: 'this attempt has ended',
  refused: 'Baton refuses the run token of this attempt',
  timed_out: 'the time of this attempt is up',
  shutdown: 'the executor is shutting down',
  suspended: 'the run waits, and its handler will be started again when what it waits for has happened',
} as const;

/** Why an attempt was asked to stop. */
export type AbortReason = keyof typeof ABORT_MESSAGES;

/**
 * The `reason` of `ctx.signal`, and what calls on `ctx` reject with once the attempt has lost its run. A handler that catches
 * errors must throw this one on: `suspended` is how `waitForChildren` and
 * `waitForEvent` leave the handler.
 */
export class RunAbortedError extends Error {
  override readonly name = 'RunAbortedError';
  readonly reason: AbortReason;

  constructor(reason: AbortReason) {
    super(ABORT_MESSAGES[reason]);
    this.reason = reason;
  }
}
