import type { ManagedAttempt } from '../core/outcome.ts';

const KIB = 1_024;
/** Bytes of a payload that are handed over; the process fetches a larger one (`BATON_PAYLOAD_MODE` says so). */
const MAX_PAYLOAD_BYTES = 64 * KIB;
/** Bytes of a checkpoint that are handed over; `BATON_CHECKPOINT_SEQUENCE` names a larger one. */
const MAX_CHECKPOINT_BYTES = 64 * KIB;
/** Characters of `BATON_PREVIOUS_ERROR`; the rest of the error is cut. */
const MAX_PREVIOUS_ERROR_LENGTH = 4 * KIB;

/** What the environment of a process depends on besides its attempt. */
export interface EnvironmentContext {
  /** The few variables of the server that a program needs to run at all: `PATH` and its like, nothing else of the server's. */
  readonly base: Readonly<Record<string, string>>;
  /** Where the process reports to. */
  readonly apiUrl: string;
  readonly memoryLimitMb: number;
}

/**
 * The whole environment of a managed process. `BATON_PAYLOAD` and `BATON_LAST_CHECKPOINT` are JSON. What there is nothing to say of is
 * absent, and secrets and variables are called `SECRET_<KEY>` and `VARIABLE_<NAME>`: no `BATON_PREVIOUS_ERROR` in a first attempt, no `BATON_LAST_CHECKPOINT` without a checkpoint, or with one that is too large.
 */
export function processEnvironment(attempt: ManagedAttempt, context: EnvironmentContext): Record<string, string> {
  const { payload, lastCheckpoint, checkpointSequence, previousError, environment } = attempt;
  return {
    ...context.base,
    ...named('SECRET_', environment?.secrets),
    ...named('VARIABLE_', environment?.variables),
    ...(environment?.slug != null && { BATON_ENVIRONMENT: environment.slug }),
    BATON_RUN_ID: attempt.runId,
    BATON_JOB_SLUG: attempt.jobSlug,
    BATON_ATTEMPT: String(attempt.attempt),
    BATON_API_URL: context.apiUrl,
    BATON_RUN_TOKEN: attempt.token,
    BATON_MEMORY_LIMIT_MB: String(context.memoryLimitMb),
    ...(fits(payload, MAX_PAYLOAD_BYTES) ? { BATON_PAYLOAD: payload } : { BATON_PAYLOAD_MODE: 'fetch' }),
    ...(checkpointSequence !== null && { BATON_CHECKPOINT_SEQUENCE: String(checkpointSequence) }),
    ...(lastCheckpoint !== null && fits(lastCheckpoint, MAX_CHECKPOINT_BYTES) && { BATON_LAST_CHECKPOINT: lastCheckpoint }),
    ...(previousError !== null && { BATON_PREVIOUS_ERROR: previousError.slice(0, MAX_PREVIOUS_ERROR_LENGTH).toWellFormed() }),
  };
}

function named(prefix: string, texts: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [`${prefix}${name}`, value]));
}

function fits(text: string, maxBytes: number): boolean {
  return text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes;
}
