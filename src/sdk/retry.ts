import type { Clock } from './clock.ts';
import { BatonError } from './errors.ts';

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/** How long and on which errors a call is repeated. */
export interface RetryPolicy {
  /** No try starts later than this many milliseconds after the first one. */
  readonly budgetMs: number;
  readonly clock: Clock;
  /** True for errors that are worth another try. */
  readonly retries: (error: BatonError) => boolean;
  /** Ends the wait between two tries by rejecting with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls `attempt` until it succeeds, fails for good, or the budget is spent; then its last error is thrown. */
export async function withRetry<T>(attempt: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  const giveUpAt = policy.clock.now() + policy.budgetMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof BatonError) || !policy.retries(error)) throw error;
      const delayMs = Math.max(backoffMs(tries, policy.clock), error.retryAfterMs ?? 0);
      if (policy.clock.now() + delayMs > giveUpAt) throw error;
      await policy.clock.sleep(delayMs, policy.signal);
    }
  }
}

/** Milliseconds to wait after the `tries`-th failure: doubling to 10 s, spread over its upper half so that callers part ways. */
export function backoffMs(tries: number, clock: Clock): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries - 1, 20), MAX_DELAY_MS);
  return Math.round(full * (0.5 + 0.5 * clock.random()));
}
