import type { Clock } from './clock.ts';
import { type AbortReason, BatonError, isTransient, RunAbortedError } from './errors.ts';
import { call, type Target } from './http.ts';
import { withRetry } from './retry.ts';

/** How long a report is repeated while Baton cannot be reached. */
const RETRY_BUDGET_MS = 120_000;

/** The `/sdk/v1` routes of one attempt of one run. */
export interface RunApi {
  /** Posts JSON text to a route, again and again while Baton is away. Rejects with {@link RunAbortedError} once the run is lost. */
  post(route: string, json: string): Promise<unknown>;
  /** Posts an empty object once, within `timeoutMs`; for what comes again by itself. */
  ping(route: string, timeoutMs: number): Promise<unknown>;
}

/** What the routes need: `lost` aborts when the attempt has lost its run, `onLost` is told when an answer says so. */
export interface RunApiDeps {
  readonly target: Target;
  readonly clock: Clock;
  readonly lost: AbortSignal;
  readonly onLost: (reason: AbortReason) => void;
}

/** Makes the routes of the run `runId`. */
export function makeRunApi(runId: string, deps: RunApiDeps): RunApi {
  const base = `/sdk/v1/runs/${encodeURIComponent(runId)}`;

  /** Answers that mean the attempt is powerless end it at once, whichever call meets them first. */
  async function guarded(work: () => Promise<unknown>): Promise<unknown> {
    deps.lost.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof BatonError ? lostReason(error.status) : null;
      if (!reason) throw error;
      deps.onLost(reason);
      throw new RunAbortedError(reason);
    }
  }

  return {
    post: (route, json) =>
      guarded(() =>
        withRetry(() => call(deps.target, { method: 'POST', path: `${base}/${route}`, json, signal: deps.lost }), {
          budgetMs: RETRY_BUDGET_MS,
          clock: deps.clock,
          retries: isTransient,
          signal: deps.lost,
        }),
      ),
    ping: (route, timeoutMs) =>
      guarded(() => call(deps.target, { method: 'POST', path: `${base}/${route}`, json: '{}', timeoutMs, signal: deps.lost })),
  };
}

function lostReason(status: number): AbortReason | null {
  switch (status) {
    case 401:
    case 403:
      return 'refused';
    case 409:
    case 410:
      return 'lost';
    default:
      return null;
  }
}
