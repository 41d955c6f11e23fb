import { type Clock, systemClock } from './clock.ts';
import { type BatonError, isTransient } from './errors.ts';
import { type Call, call, type Target } from './http.ts';
import { withRetry } from './retry.ts';

/** How long a call is repeated while Baton cannot be reached. */
const RETRY_BUDGET_MS = 30_000;

/** The REST API as one key sees it. */
export interface Rest {
  readonly target: Target;
  readonly clock: Clock;
  /** Makes a call that may be made twice without harm, and repeats it while Baton is away. */
  repeatable(request: Call): Promise<unknown>;
  /** Makes a call that must not take effect twice; it is repeated only when Baton says that it did nothing and when to come back. */
  once(request: Call): Promise<unknown>;
}

/** Makes the REST API behind `target`. */
export function makeRest(target: Target, clock: Clock = systemClock): Rest {
  const repeat = (request: Call, retries: (error: BatonError) => boolean): Promise<unknown> =>
    withRetry(() => call(target, request), { budgetMs: RETRY_BUDGET_MS, clock, retries, signal: request.signal });
  return {
    target,
    clock,
    repeatable: (request) => repeat(request, isTransient),
    once: (request) => repeat(request, wasTurnedAway),
  };
}

function wasTurnedAway(error: BatonError): boolean {
  return (error.status === 429 || error.status === 503) && error.retryAfterMs !== undefined;
}
