import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorStyle, type Problem, type ProblemAnswer, renderProblem } from './problem.ts';
import type { Route } from './route.ts';

/** One request and everything about it that answering it needs. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly style: ErrorStyle;
  /** Null when the path has no row. */
  readonly operationId: string | null;
}

/** The headers of a JSON body. */
export const JSON_HEADERS: readonly string[] = ['content-type', 'application/json; charset=utf-8'];

const REQUEST_ID = /^[\w-]{1,128}$/;

/** On every answer. The answers are data for programs: nothing may cache, sniff, frame or run them. */
const COMMON_HEADERS: readonly string[] = [
  'x-api-version',
  'v1',
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy',
  'no-referrer',
];

/** The caller's `X-Request-Id` when it is harmless, else a new one. */
export function requestIdOf(req: IncomingMessage): string {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : crypto.randomUUID();
}

/** Sends a whole answer: `body` is JSON text, or null for an answer without one. A HEAD request gets the headers alone. */
export function sendAnswer(
  exchange: Exchange,
  status: number,
  answer: { readonly headers: readonly string[]; readonly body: string | null },
): void {
  const { res, requestId } = exchange;
  const headers = ['x-request-id', requestId, ...COMMON_HEADERS, ...answer.headers];
  if (status !== 204) headers.push('content-length', answer.body === null ? '0' : String(Buffer.byteLength(answer.body)));
  res.writeHead(status, headers);
  if (answer.body === null) res.end();
  else res.end(answer.body);
}

/** Sends a problem in the wording its audience asked for; when the answer has already begun, all that is left is to cut it. */
export function sendProblem(exchange: Exchange, problem: Problem): void {
  if (exchange.res.headersSent) {
    exchange.res.destroy();
    return;
  }
  const { status, headers, body } = wordProblem(exchange, problem);
  sendAnswer(exchange, status, { headers: Object.entries(headers).flat(), body });
}

/** A problem as this exchange's caller will read it. */
export function wordProblem(exchange: Exchange, problem: Problem): ProblemAnswer {
  const { style, requestId, req } = exchange;
  return renderProblem(problem, { style, requestId, accept: req.headers.accept });
}

/** Opens an answer whose length is not known yet; its body is written to `res` afterwards. */
export function openAnswer({ res, requestId }: Exchange, status: number, headers: readonly string[]): void {
  res.writeHead(status, ['x-request-id', requestId, ...COMMON_HEADERS, ...headers]);
}

/** Opens an event stream; events are written to `res` afterwards. */
export function openEventStream(exchange: Exchange): void {
  // nginx buffers a proxied answer unless told not to.
  openAnswer(exchange, 200, ['content-type', 'text/event-stream; charset=utf-8', 'x-accel-buffering', 'no']);
}

/**
 * Where the next page is: the request's own URL with `cursor` replaced. Everything in it is percent-encoded again, so no text of the
 * caller reaches a header as it came.
 */
export function nextTarget(target: string, cursor: string): string {
  const url = new URL(target, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  return `${url.pathname}?${url.searchParams}`;
}

/** The answer in its documented shape; anything else is a bug of ours, and the caller gets an error rather than a surprise. */
export function documented(route: Route, value: unknown): unknown {
  if (route.response === undefined) return value;
  const parsed = route.response.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`route ${route.operationId} answered with something it does not document: ${parsed.error.message}`, {
    cause: parsed.error,
  });
}
