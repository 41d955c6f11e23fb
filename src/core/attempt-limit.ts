import { AppError } from './errors.ts';

/** Counts the attempts to say who one is that have failed (UNAUTHENTICATED), by who tried. */
export interface AttemptLimit {
  /**
   * Makes an attempt. RATE_LIMITED, without trying, for somebody who has failed too often lately. One that is under way counts until it
   * has succeeded, so that a hundred at once are no way around the limit.
   */
  attempt<Result>(who: string, work: () => Promise<Result>): Promise<Result>;
}

interface AttemptLimitOptions {
  /** Failures that one may have within the window. */
  readonly max: number;
  readonly windowMs: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

/** Those who are remembered; whoever began to fail first is forgotten for one more. */
const MAX_REMEMBERED = 10_000;

/** Makes an {@link AttemptLimit}. */
export function makeAttemptLimit({ max, windowMs, now }: AttemptLimitOptions): AttemptLimit {
  const tries = new Map<string, { readonly endsAt: number; count: number }>();

  function windowOf(who: string) {
    const known = tries.get(who);
    if (known && known.endsAt > now()) return known;
    tries.delete(who);
    const fresh = { endsAt: now() + windowMs, count: 0 };
    tries.set(who, fresh);
    if (tries.size > MAX_REMEMBERED) tries.delete(tries.keys().next().value ?? who);
    return fresh;
  }

  return {
    async attempt(who, work) {
      const window = windowOf(who);
      if (window.count >= max) {
        const retryAfterSecs = Math.ceil((window.endsAt - now()) / 1_000);
        throw new AppError('RATE_LIMITED', `too many failed attempts: try again in ${retryAfterSecs} s`, { retryAfterSecs });
      }
      window.count += 1;
      try {
        const result = await work();
        window.count -= 1;
        return result;
      } catch (error) {
        // Whoever meets a database that is down has guessed nothing.
        if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') window.count -= 1;
        throw error;
      }
    },
  };
}
