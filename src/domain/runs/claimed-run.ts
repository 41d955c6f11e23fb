import type { ErrorClass } from '../../core/outcome.ts';
import type { RetryStrategy } from '../../core/retry.ts';

/** A run this process has just claimed, with what dispatching and judging the attempt need. The job's own policy is looked up. */
export interface ClaimedRun {
  readonly id: string;
  readonly projectId: string;
  readonly jobId: string;
  /** The version of the job it was triggered or last executed under. */
  readonly jobVersion: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly previousError: string | null;
  readonly previousErrorClass: ErrorClass | null;
  readonly overrides: RunOverrides;
  /** Seconds from claim to deadline. */
  readonly timeoutSecs: number;
  /** What its trigger asked for, in seconds; null takes what the job says. */
  readonly timeoutSecsOverride: number | null;
  readonly createdAt: Date;
  /** When it last became claimable. */
  readonly queuedAt: Date | null;
  readonly startedAt: Date;
  readonly debugMode: boolean;
  /** JSON text. */
  readonly payload: string;
  readonly traceparent: string | null;
  /** The newest checkpoint; its state is JSON text, null when it is too large to be handed over with the run. */
  readonly checkpoint: { readonly sequence: number; readonly state: string | null } | null;
}

/** Where a run differs from its job's retry policy; null means the job decides. */
export interface RunOverrides {
  readonly maxAttempts: number | null;
  readonly strategy: RetryStrategy | null;
  readonly initialDelaySecs: number | null;
  readonly maxDelaySecs: number | null;
}

/** `CLAIMED_COLUMNS_SQL` as pg answers it. */
export interface ClaimedColumns {
  id: string;
  project_id: string;
  job_id: string;
  job_version: number;
  attempt: number;
  epoch: number;
  previous_error: string | null;
  previous_error_class: ErrorClass | null;
  max_attempts_override: number | null;
  retry_backoff: RetryStrategy | null;
  run_retry_initial_delay_secs: number | null;
  run_retry_max_delay_secs: number | null;
  timeout_secs: number;
  timeout_secs_override: number | null;
  created_at: Date;
  queued_at: Date | null;
  started_at: Date;
  debug_mode: boolean;
}

/** Reads a {@link ClaimedRun} from a row, with the payload from wherever the statement has it. */
export function toClaimedRun(row: ClaimedColumns, payload: string, traceparent: string | null): ClaimedRun {
  return {
    id: row.id,
    projectId: row.project_id,
    jobId: row.job_id,
    jobVersion: row.job_version,
    attempt: row.attempt,
    epoch: row.epoch,
    previousError: row.previous_error,
    previousErrorClass: row.previous_error_class,
    overrides: {
      maxAttempts: row.max_attempts_override,
      strategy: row.retry_backoff,
      initialDelaySecs: row.run_retry_initial_delay_secs,
      maxDelaySecs: row.run_retry_max_delay_secs,
    },
    timeoutSecs: row.timeout_secs,
    timeoutSecsOverride: row.timeout_secs_override,
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    debugMode: row.debug_mode,
    payload,
    traceparent,
    checkpoint: null,
  };
}
