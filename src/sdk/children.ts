import type { JobContext, SpawnOptions, WaitOptions } from './context.ts';
import { BatonError, RunAbortedError } from './errors.ts';
import { asRecord } from './http.ts';
import type { RunApi } from './run-api.ts';
import type { RunStatus } from './run-status.ts';

/** Baton takes no more ids in one request. */
const MAX_IDS_PER_WAIT = 1_000;

declare const resultType: unique symbol;

/** A child run. */
export interface ChildHandle<Result = unknown> {
  readonly id: string;
  /** Its status when it was spawned, or met again by a handler that ran once more. */
  readonly status: RunStatus;
  /** Carries a type only; never set. */
  readonly [resultType]?: Result;
}

/** How a child ended; it has a result exactly when it completed. */
export type ChildResult<Result = unknown> =
  | { readonly id: string; readonly status: 'completed'; readonly result: Result; readonly error: null }
  | {
      readonly id: string;
      /** Not final only when the wait ran out of time. */
      readonly status: Exclude<RunStatus, 'completed'>;
      readonly result: null;
      readonly error: string | null;
    };

interface ChildrenDeps {
  readonly api: RunApi;
  /** Sends what is still to be told: once the run waits, nobody listens any more. */
  readonly flush: () => Promise<void>;
  /** Ends this attempt because its run waits. */
  readonly suspend: () => void;
}

/** Makes `spawn` and `waitForChildren` of one attempt. */
export function makeChildren(deps: ChildrenDeps): Pick<JobContext, 'spawn' | 'waitForChildren'> {
  const spawned = new Map<string, number>();

  function defaultKey(slug: string): string {
    const count = (spawned.get(slug) ?? 0) + 1;
    spawned.set(slug, count);
    return `${slug}:${count}`;
  }

  async function spawnChild(slug: string, payload: unknown, options: SpawnOptions): Promise<ChildHandle> {
    // Counted before anything is awaited, so that concurrent spawns are numbered in the order they were called.
    const spawn_key = options.key ?? defaultKey(slug);
    const body = { job_slug: slug, payload, spawn_key, priority: options.priority };
    const run = asRecord(await deps.api.post('spawn', JSON.stringify(body)));
    return { id: text(run['id'], 'id'), status: asStatus(run['status']) };
  }

  async function waitFor(ids: readonly string[] | undefined, options: WaitOptions): Promise<ChildResult[]> {
    if (!ids) return ask(undefined, options);
    const byId = new Map<string, ChildResult>();
    // Piece by piece: the handler runs again after each piece that has not ended yet, and gets past those that have.
    for (let at = 0; at < ids.length; at += MAX_IDS_PER_WAIT) {
      for (const child of await ask(ids.slice(at, at + MAX_IDS_PER_WAIT), options)) byId.set(child.id, child);
    }
    return ids.map((id) => byId.get(id) ?? missing(id));
  }

  async function ask(run_ids: readonly string[] | undefined, options: WaitOptions): Promise<ChildResult[]> {
    await deps.flush();
    const body = JSON.stringify({ run_ids, timeout_secs: options.timeoutSecs });
    const answer = asRecord(await deps.api.post('wait-for-children', body));
    if (answer['status'] === 'waiting') {
      deps.suspend();
      throw new RunAbortedError('suspended');
    }
    return (Array.isArray(answer['children']) ? answer['children'] : []).map(toChildResult);
  }

  const context = {
    async spawn(job: string | { readonly slug: string }, payload: unknown, options: SpawnOptions = {}): Promise<unknown> {
      const child = await spawnChild(typeof job === 'string' ? job : job.slug, payload, options);
      return options.await ? (await waitFor([child.id], options))[0] : child;
    },
    waitForChildren: (handles?: readonly ChildHandle[], options: WaitOptions = {}) =>
      waitFor(
        handles?.map((child) => child.id),
        options,
      ),
  };
  // The generic signatures only say which result belongs to which job; at run time a result is whatever JSON the child left.
  return context as Pick<JobContext, 'spawn' | 'waitForChildren'>;
}

function toChildResult(value: unknown): ChildResult {
  const child = asRecord(value);
  const id = text(child['id'], 'id');
  const status = asStatus(child['status']);
  if (status === 'completed') return { id, status, result: child['result'] ?? null, error: null };
  return { id, status, result: null, error: typeof child['error'] === 'string' ? child['error'] : null };
}

function asStatus(value: unknown): RunStatus {
  // A status this version of the SDK does not know is still a status, and not `completed`.
  return text(value, 'status') as RunStatus;
}

function text(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new BatonError(`Baton's answer about a child run has no ${field}`, { status: 200, code: 'INVALID_RESPONSE' });
}

function missing(id: string): never {
  throw new BatonError(`Baton's answer leaves out the child run ${id}`, { status: 200, code: 'INVALID_RESPONSE' });
}
