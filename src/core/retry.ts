import type { ErrorClass } from './outcome.ts';

const SECOND = 1_000;
/** No delay of ours is shorter, whatever the policy says (reference semantics §2.5). */
const FLOOR_MS = 1 * SECOND;
/** No delay of ours is longer. */
const CAP_MS = 3_600 * SECOND;
/** Delays are spread by ±20 % so that runs that failed together do not come back together. */
const JITTER = 0.2;

/** The documented back-off shapes. */
export const RETRY_STRATEGIES = ['exponential', 'linear', 'fixed', 'custom'] as const;

/** A member of {@link RETRY_STRATEGIES}. */
export type RetryStrategy = (typeof RETRY_STRATEGIES)[number];

/** What decides whether and when a failed attempt is repeated: the job's policy with the run's overrides applied. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly strategy: RetryStrategy;
  /** Seconds before the second attempt. */
  readonly initialDelaySecs: number;
  readonly maxDelaySecs: number;
  /** For `custom`: seconds before attempt 2, 3, …; the last one repeats. */
  readonly delaysSecs: readonly number[];
  /** From this attempt on, the same error class twice in a row ends the retries; null never does. */
  readonly poisonPillThreshold: number | null;
}

/** A failure as the policy sees it. */
export interface Failure {
  readonly attempt: number;
  readonly errorClass: ErrorClass;
  readonly previousErrorClass: ErrorClass | null;
  readonly retryAfterMs?: number | undefined;
}

/** What to do after a failed attempt: go again after `delayMs`, or end the run because the error is permanent or the attempts are spent. */
export type RetryDecision =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'permanent' }
  | { readonly kind: 'exhausted' };

/**
 * Decides the fate of a failed attempt. `Retry-After` wins when it asks for more than the policy would wait.
 *
 * @param random a source in [0, 1), injected so that tests are exact
 */
export function decideRetry(policy: RetryPolicy, failure: Failure, random: () => number = Math.random): RetryDecision {
  if (failure.errorClass === 'client' || failure.errorClass === 'auth') return { kind: 'permanent' };
  if (failure.attempt >= policy.maxAttempts) return { kind: 'exhausted' };
  if (isPoison(policy, failure)) return { kind: 'exhausted' };
  const delayMs = Math.max(retryDelayMs(policy, failure.attempt, random), failure.retryAfterMs ?? 0);
  return { kind: 'retry', delayMs: Math.min(delayMs, CAP_MS) };
}

/** Milliseconds between the end of `attempt` and the start of the next one, jittered, within [1 s, 1 h]. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const base = Math.min(baseDelaySecs(policy, attempt), policy.maxDelaySecs) * SECOND;
  const jittered = base * (1 - JITTER + 2 * JITTER * random());
  return Math.round(Math.min(Math.max(jittered, FLOOR_MS), CAP_MS));
}

function baseDelaySecs(policy: RetryPolicy, attempt: number): number {
  switch (policy.strategy) {
    case 'exponential':
      return policy.initialDelaySecs * 2 ** Math.min(attempt - 1, 30);
    case 'linear':
      return policy.initialDelaySecs * attempt;
    case 'fixed':
      return policy.initialDelaySecs;
    case 'custom':
      return policy.delaysSecs[Math.min(attempt, policy.delaysSecs.length) - 1] ?? policy.initialDelaySecs;
  }
}

function isPoison(policy: RetryPolicy, failure: Failure): boolean {
  return (
    policy.poisonPillThreshold !== null &&
    failure.attempt >= policy.poisonPillThreshold &&
    failure.errorClass === failure.previousErrorClass
  );
}
