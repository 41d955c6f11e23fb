import { type Attempt, startAttempt } from './attempt.ts';
import { systemClock } from './clock.ts';
import type { JobContext } from './context.ts';
import { type DispatchHeaders, readDispatchHeaders } from './dispatch.ts';
import type { Fetch } from './http.ts';
import { type Job, job } from './job.ts';
import { type NodeRequest, type NodeResponse, readBody, serveNode } from './node-adapter.ts';
import { makeSeen } from './seen.ts';
import { checkSecret, signatureFault } from './signature.ts';

const DEFAULT_HEARTBEAT_MS = 10_000;
const DEFAULT_TOLERANCE_SECS = 300;
const DEFAULT_GRACE_MS = 10_000;
/** How long handing back what did not end in time may take. */
const HAND_BACK_MS = 5_000;
/** The largest payload Baton takes is 5 MB; what is larger is not from Baton and is not read. */
const MAX_BODY_BYTES = 6 * 1_024 * 1_024;

/** Jobs by slug: made by `job`, or just a function. */
export type Jobs = Readonly<Record<string, Job | ((ctx: JobContext) => unknown)>>;

/** Where signing secrets (`whsec_…`, see the job in Baton) come from; of several any may have signed, for rotation. */
export type Secrets =
  | string
  | Readonly<Record<string, string | readonly string[]>>
  | ((slug: string) => string | readonly string[] | Promise<string | readonly string[]>);

/** How an executor is set up. */
export interface ExecutorOptions {
  /** One secret for all jobs, a record by slug, or a function that looks the secret of a slug up. */
  readonly secrets: Secrets;
  /** Base URL of the Baton server. */
  readonly batonUrl: string;
  /** Milliseconds between heartbeats, 10,000 by default; keep it well under the job's `heartbeat_timeout_secs`. */
  readonly heartbeatIntervalMs?: number;
  /** How many seconds the time in a signature may differ from this machine's clock, 300 by default. */
  readonly toleranceSecs?: number;
  /** Told of what goes wrong outside handlers, such as a result that could not be delivered; `console.error` by default. */
  readonly onError?: (error: unknown) => void;
  /** Replaces the global `fetch` for calls to Baton. */
  readonly fetch?: Fetch;
}

/** Takes runs from Baton over HTTP and runs their handlers in this process. */
export interface Executor {
  /** Answers one dispatch: 202 at once, while the handler goes on in the background. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** The same as a listener of `node:http`: `createServer(executor.node)`. */
  readonly node: (request: NodeRequest, response: NodeResponse) => Promise<void>;
  /**
   * Takes no more runs (503) and waits up to `graceMs` (10,000 by default) for those under way. Then their signals abort with the
   * reason `shutdown`, and what has still not ended a moment later is handed back to be tried again elsewhere.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Makes an executor of `jobs`. Throws when a job's own slug differs from its key, or a secret is not one. */
export function createExecutor(jobs: Jobs, options: ExecutorOptions): Executor {
  const table = jobTable(jobs);
  const secretsOf = secretLookup(options.secrets);
  const running = new Set<Attempt>();
  const seen = makeSeen(systemClock);
  const deps = {
    batonUrl: options.batonUrl,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: systemClock,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_MS,
    onError: options.onError ?? ((error: unknown) => console.error('baton executor:', error)),
  };
  let closed = false;

  async function accept(request: Request): Promise<Response> {
    if (closed) return refuse(503, 'this executor is shutting down', { 'retry-after': '1' });
    if (request.method !== 'POST')
      return refuse(405, 'this is a Baton executor: it takes POST requests from Baton', { allow: 'POST' });
    const dispatch = readDispatchHeaders(request.headers);
    if (typeof dispatch === 'string') return refuse(400, dispatch);
    const job = table.get(dispatch.jobSlug);
    if (!job) return refuse(404, `this executor has no job "${dispatch.jobSlug}"`);
    const body = await readBody(request.body, MAX_BODY_BYTES);
    if (!body) return refuse(413, `the payload has more than ${MAX_BODY_BYTES} bytes`);
    const fault = await verify(request.headers, dispatch.jobSlug, body);
    if (fault) return refuse(401, fault);
    const payload = parsePayload(body);
    if (!payload) return refuse(400, 'the payload is not JSON');
    // Reading and verifying took time in which the executor may have been closed.
    if (closed) return refuse(503, 'this executor is shutting down', { 'retry-after': '1' });
    // Baton repeats a dispatch whose answer it did not get, under the same id; the run must not be done twice for that.
    if (seen.isNew(request.headers.get('webhook-id') ?? '')) start(job, { ...dispatch, payload: payload.value });
    return Response.json({ status: 'accepted' }, { status: 202 });
  }

  async function verify(headers: Headers, slug: string, body: Uint8Array): Promise<string | null> {
    const message = {
      id: headers.get('webhook-id'),
      timestamp: headers.get('webhook-timestamp'),
      signature: headers.get('webhook-signature'),
      body,
    };
    const secrets = await secretsOf(slug);
    if (secrets.length === 0) return `this executor knows no signing secret for the job "${slug}"`;
    const toleranceSecs = options.toleranceSecs ?? DEFAULT_TOLERANCE_SECS;
    return signatureFault(message, { secrets, toleranceSecs, nowSecs: Math.floor(Date.now() / 1_000) });
  }

  function start(job: Job, dispatch: DispatchHeaders & { readonly payload: unknown }): void {
    const attempt = startAttempt(job, dispatch, deps);
    running.add(attempt);
    attempt.done.finally(() => running.delete(attempt));
  }

  async function close({ graceMs = DEFAULT_GRACE_MS } = {}): Promise<void> {
    closed = true;
    const ended = (): Promise<unknown> => Promise.all([...running].map((attempt) => attempt.done));
    if (await within(graceMs, ended())) return;
    for (const attempt of running) attempt.abort('shutdown');
    // Handlers that watch their signal end within a turn or two of the event loop, and report for themselves.
    if (await within(Math.min(graceMs, HAND_BACK_MS), ended())) return;
    for (const attempt of running) attempt.handBack();
    await within(HAND_BACK_MS, ended());
  }

  async function answer(request: Request): Promise<Response> {
    try {
      return await accept(request);
    } catch (error) {
      deps.onError(error);
      return refuse(500, 'the executor could not take this run');
    }
  }

  return { fetch: answer, node: (request, response) => serveNode(answer, request, response), close };
}

function jobTable(jobs: Jobs): ReadonlyMap<string, Job> {
  return new Map(
    Object.entries(jobs).map(([slug, entry]) => {
      const declared = typeof entry === 'function' ? job({ handler: entry }) : entry;
      if (declared.slug !== undefined && declared.slug !== slug) {
        throw new Error(`the job under "${slug}" calls itself "${declared.slug}": use one slug`);
      }
      return [slug, declared];
    }),
  );
}

function secretLookup(secrets: Secrets): (slug: string) => Promise<readonly string[]> {
  const list = (value: string | readonly string[] | undefined) => (typeof value === 'string' ? [value] : (value ?? []));
  if (typeof secrets === 'function') return async (slug) => list(await secrets(slug));
  for (const secret of typeof secrets === 'string' ? [secrets] : Object.values(secrets).flatMap(list)) checkSecret(secret);
  if (typeof secrets === 'string') return async () => [secrets];
  const bySlug = new Map(Object.entries(secrets));
  return async (slug) => list(bySlug.get(slug));
}

function parsePayload(body: Uint8Array): { readonly value: unknown } | null {
  try {
    return { value: body.length === 0 ? null : JSON.parse(new TextDecoder().decode(body)) };
  } catch {
    // The caller answers 400: signed by Baton or not, it is no payload.
    return null;
  }
}

function refuse(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers });
}

async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = systemClock.sleep(ms, timer.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
