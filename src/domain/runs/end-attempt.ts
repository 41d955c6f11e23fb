import type { ErrorClass, ExecutionTrace } from '../../core/outcome.ts';
import { decideRetry, type RetryPolicy } from '../../core/retry.ts';
import type { JobRow } from '../jobs/job.ts';
import type { RunOverrides } from './claimed-run.ts';
import type { TransitionItem } from './transition.ts';

/** The attempt that ended, as far as its fate depends on it. */
export interface EndedAttempt {
  readonly id: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly previousErrorClass: ErrorClass | null;
  readonly overrides: RunOverrides;
}

/** Why it ended without success. */
export interface AttemptFailure {
  readonly errorClass: ErrorClass;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly trace?: ExecutionTrace | undefined;
}

/** The job's retry policy with the run's own wishes on top. */
export function retryPolicy(job: JobRow, overrides: RunOverrides): RetryPolicy {
  return {
    maxAttempts: overrides.maxAttempts ?? job.maxAttempts,
    strategy: overrides.strategy ?? job.retryStrategy,
    initialDelaySecs: overrides.initialDelaySecs ?? job.retryInitialDelaySecs,
    maxDelaySecs: overrides.maxDelaySecs ?? job.retryMaxDelaySecs,
    delaysSecs: job.retryDelaysSecs,
    poisonPillThreshold: job.poisonPillThreshold,
  };
}

/**
 * Turns a failed attempt into what happens to the run (reference semantics §2.5): another attempt while the policy grants one; then
 * `failed` for an error that no retry can cure, `timed_out` for a timeout, `crashed` for an executor that fell silent, and `dead_letter`
 * for everything else whose attempts are spent.
 */
export function failAttempt(run: EndedAttempt, job: JobRow, failure: AttemptFailure): TransitionItem {
  const decision = decideRetry(retryPolicy(job, run.overrides), {
    attempt: run.attempt,
    errorClass: failure.errorClass,
    previousErrorClass: run.previousErrorClass,
    retryAfterMs: failure.retryAfterMs,
  });
  const common = {
    runId: run.id,
    epoch: run.epoch,
    error: failure.message,
    errorClass: failure.errorClass,
    level: 'error' as const,
    ...(failure.trace && { trace: failure.trace }),
  };
  const data = { error_class: failure.errorClass, attempt: run.attempt };
  if (decision.kind === 'retry') {
    return {
      ...common,
      event: 'retry',
      level: 'warn',
      delayMs: decision.delayMs,
      priorityBoost: job.retryPriorityBoost,
      message: failure.message,
      data: { ...data, delay_ms: decision.delayMs },
    };
  }
  const event = decision.kind === 'permanent' ? 'fail' : lastEvent(failure.errorClass);
  return { ...common, event, message: failure.message, data };
}

function lastEvent(errorClass: ErrorClass): 'time_out' | 'crash' | 'bury' {
  if (errorClass === 'timeout') return 'time_out';
  return errorClass === 'heartbeat_lost' ? 'crash' : 'bury';
}
