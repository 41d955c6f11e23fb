import type { Clock } from './clock.ts';
import { type AbortReason, BatonError, isTransient, RunAbortedError } from './errors.ts';
import { type Call, call, open, type Target } from './http.ts';
import { withRetry } from './retry.ts';

/** How long a report is repeated while Baton cannot be reached. */
const RETRY_BUDGET_MS = 120_000;

/** The `/sdk/v1` routes of one attempt of one run. */
export interface RunApi {
  /** Posts JSON text to a route, again and again while Baton is away. Rejects with {@link RunAbortedError} once the run is lost. */
  post(route: string, json: string): Promise<unknown>;
  /** Gets a route, again and again while Baton is away. Rejects as `post` does; an unknown thing is a {@link BatonError} with status 404. */
  get(route: string): Promise<unknown>;
  /** As `get`, and null for what is unknown. */
  find(route: string): Promise<unknown>;
  /** Reads a list to its end, page by page. */
  getAll(route: string): Promise<unknown[]>;
  /** Deletes what a route names; that it is not there is as good. */
  remove(route: string): Promise<void>;
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
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    deps.lost.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof BatonError ? lostReason(error) : null;
      if (!reason) throw error;
      deps.onLost(reason);
      throw new RunAbortedError(reason);
    }
  }

  const policy = { budgetMs: RETRY_BUDGET_MS, clock: deps.clock, retries: isTransient, signal: deps.lost };
  const persistently = (request: Omit<Call, 'signal'>): Promise<unknown> =>
    guarded(() => withRetry(() => call(deps.target, { ...request, signal: deps.lost }), policy));

  async function page(path: string): Promise<{ readonly rows: unknown[]; readonly next: string | null }> {
    const response = await open(deps.target, { method: 'GET', path, signal: deps.lost });
    const rows: unknown = await response.json();
    return { rows: Array.isArray(rows) ? rows : [], next: nextCursor(response.headers.get('link')) };
  }

  return {
    post: (route, json) => persistently({ method: 'POST', path: `${base}/${route}`, json }),
    find: (route) => persistently({ method: 'GET', path: `${base}/${route}` }).catch(nothingThere),
    async getAll(route) {
      const all: unknown[] = [];
      for (let path: string | null = `${base}/${route}?limit=100`; path !== null; ) {
        const at: string = path;
        const { rows, next } = await guarded(() => withRetry(() => page(at), policy));
        all.push(...rows);
        path = next === null ? null : `${base}/${route}?limit=100&cursor=${encodeURIComponent(next)}`;
      }
      return all;
    },
    async remove(route) {
      await persistently({ method: 'DELETE', path: `${base}/${route}` }).catch(nothingThere);
    },
    get: (route) => persistently({ method: 'GET', path: `${base}/${route}` }),
    ping: (route, timeoutMs) =>
      guarded(() => call(deps.target, { method: 'POST', path: `${base}/${route}`, json: '{}', timeoutMs, signal: deps.lost })),
  };
}

/** A conflict with another run, which says nothing about the claim of this one: for the handler to deal with. */
const KEY_IN_USE = 'event key already in use';

function nothingThere(error: unknown): null {
  if (error instanceof BatonError && error.status === 404) return null;
  throw error;
}

/** The cursor in `<…?cursor=…>; rel="next"`; only the cursor, so that no answer can lead a credential elsewhere. */
function nextCursor(link: string | null): string | null {
  const target = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  return target === undefined ? null : new URL(target, 'http://baton.invalid').searchParams.get('cursor');
}

function lostReason({ status, message }: BatonError): AbortReason | null {
  if (status === 409 && message === KEY_IN_USE) return null;
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
