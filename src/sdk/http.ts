import { BatonError } from './errors.ts';

const CALL_TIMEOUT_MS = 30_000;

/** The `fetch` calls go through. */
export type Fetch = typeof globalThis.fetch;

/** Where calls go and as whom. */
export interface Target {
  /** Base URL of the server, with or without a trailing slash. */
  readonly url: string;
  /** API key or run token. */
  readonly bearer: string;
  readonly fetch: Fetch;
}

/** One HTTP call. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query below the base URL. */
  readonly path: string;
  /** JSON text. */
  readonly json?: string;
  /** Opens a body that is sent as it is read, in place of `json`; its type is among the headers. */
  readonly body?: () => ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until an unanswered call counts as failed. */
  readonly timeoutMs?: number;
}

/** What a call was answered. */
export interface Answer {
  /** The parsed JSON, null for an empty answer. */
  readonly body: unknown;
  /** Path and query of the page that follows, when the answer is one of several. */
  readonly next: string | null;
}

/** Makes one call and returns the parsed JSON answer, null for an empty one. Throws {@link BatonError}, or the signal's reason. */
export async function call(target: Target, request: Call): Promise<unknown> {
  return (await ask(target, request)).body;
}

/** As {@link call}, with what its answer says beside the body. */
export async function ask(target: Target, request: Call): Promise<Answer> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), request.timeoutMs ?? CALL_TIMEOUT_MS);
  const onAbort = (): void => timeout.abort();
  request.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    request.signal?.throwIfAborted();
    const response = await open(target, { ...request, signal: timeout.signal });
    return { body: readJson(await readText(response), response), next: nextPage(response.headers.get('link')) };
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    if (timeout.signal.aborted)
      throw networkError(`${request.method} ${request.path} was not answered in time`, 'TIMEOUT', error);
    throw error;
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', onAbort);
  }
}

/** Sends a call and returns its answer with the body unread. Throws {@link BatonError} when none arrives or it is not a 2xx. */
export async function open(target: Target, request: Call): Promise<Response> {
  const response = await send(target, request);
  if (response.ok) return response;
  throw answerError(await readText(response), response);
}

async function send(target: Target, request: Call): Promise<Response> {
  const headers = { accept: 'application/json', authorization: `Bearer ${target.bearer}`, ...request.headers };
  try {
    const init: RequestInit & { readonly duplex: 'half' } = {
      method: request.method,
      headers: request.json === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: request.body?.() ?? request.json ?? null,
      // What `fetch` wants to be told of a streamed body.
      duplex: 'half',
      // Following a redirect would hand the credential to an address nobody configured.
      redirect: 'manual',
      signal: request.signal ?? null,
    };
    return await target.fetch(`${target.url.replace(/\/+$/, '')}${request.path}`, init);
  } catch (error) {
    throw networkError(`cannot reach Baton at ${target.url}: ${causeText(error)}`, 'NETWORK', error);
  }
}

async function readText(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw networkError(`the connection broke while Baton answered: ${causeText(error)}`, 'NETWORK', error);
  }
}

function readJson(text: string, response: Response): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Baton answered ${response.status} with something that is not JSON: is this the address of a Baton server?`;
    throw new BatonError(message, { status: response.status, code: 'INVALID_RESPONSE', requestId: requestIdOf(response), cause });
  }
}

/** Where `Link: <…>; rel="next"` leads; whatever host it names, the call goes to ours. */
function nextPage(link: string | null): string | null {
  const target = /<([^<>]+)>\s*;[^,]*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined) return null;
  const { pathname, search } = new URL(target, 'http://localhost');
  return pathname + search;
}

function networkError(message: string, code: string, cause: unknown): BatonError {
  return new BatonError(message, { status: 0, code, cause });
}

/** The error an answer outside 2xx stands for: `{"error": "…", "request_id": "…"}`, GraphQL's `{"errors": […]}`, or anything else. */
function answerError(text: string, response: Response): BatonError {
  const body = asRecord(parseOrNull(text));
  const first = firstGraphqlError(body);
  const error = typeof body['error'] === 'string' ? { message: body['error'] } : asRecord(body['error']);
  const details = error['details'] ?? body['details'];
  return new BatonError(stringOr(error['message'] ?? first?.message, `Baton answered ${response.status}`), {
    status: response.status,
    code: stringOr(error['code'] ?? body['code'], first?.code),
    requestId: stringOr(body['request_id'], first?.requestId ?? requestIdOf(response)),
    details: Array.isArray(details) ? details : [],
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  });
}

/** The first error of a GraphQL answer; null when it has none. */
export function firstGraphqlError(
  result: unknown,
): { readonly message: string; readonly code: string | undefined; readonly requestId: string | undefined } | null {
  const errors = asRecord(result)['errors'];
  const error = asRecord(Array.isArray(errors) ? errors[0] : null);
  if (typeof error['message'] !== 'string') return null;
  const extensions = asRecord(error['extensions']);
  return {
    message: error['message'],
    code: stringOr(extensions['code'], undefined),
    requestId: stringOr(extensions['requestId'], undefined),
  };
}

function retryAfterMs(header: string | null): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}

function requestIdOf(response: Response): string | undefined {
  return response.headers.get('x-request-id') ?? undefined;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An error page of a proxy: the status says enough.
    return null;
  }
}

/** The value as an object to read fields of; anything else reads as one without fields. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  // Every object can be read by string keys; the fields come out as unknown.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function stringOr<T>(value: unknown, fallback: T): string | T {
  return typeof value === 'string' ? value : fallback;
}

/** The innermost message of a fetch failure: undici says only "fetch failed" and keeps the reason in `cause`. */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
