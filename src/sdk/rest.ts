import { type Clock, systemClock } from './clock.ts';
import { type BatonError, isTransient } from './errors.ts';
import { type Answer, ask, type Call, type Target } from './http.ts';
import { withRetry } from './retry.ts';

/** How long a call is repeated while Baton cannot be reached. */
const RETRY_BUDGET_MS = 30_000;

/** The REST API as one key sees it. */
export interface Rest {
  readonly target: Target;
  readonly clock: Clock;
  /** Makes a call that may be made twice without harm, and repeats it while Baton is away. */
  repeatable(request: Call): Promise<unknown>;
  /** The rows of a list, page after page; `path` asks for the first one. Each page is repeated while Baton is away. */
  rows(path: string): AsyncGenerator<unknown, void, undefined>;
  /** Makes a call that must not take effect twice; it is repeated only when Baton says that it did nothing and when to come back. */
  once(request: Call): Promise<unknown>;
}

/** Makes the REST API behind `target`. */
export function makeRest(target: Target, clock: Clock = systemClock): Rest {
  const repeat = (request: Call, retries: (error: BatonError) => boolean): Promise<Answer> =>
    withRetry(() => ask(target, request), { budgetMs: RETRY_BUDGET_MS, clock, retries, signal: request.signal });
  return {
    target,
    clock,
    repeatable: async (request) => (await repeat(request, isTransient)).body,
    async *rows(path) {
      for (let next: string | null = path; next !== null; ) {
        const page: Answer = await repeat({ method: 'GET', path: next }, isTransient);
        if (Array.isArray(page.body)) yield* page.body;
        next = page.next;
      }
    },
    once: async (request) => (await repeat(request, wasTurnedAway)).body,
  };
}

function wasTurnedAway(error: BatonError): boolean {
  return (error.status === 429 || error.status === 503) && error.retryAfterMs !== undefined;
}
