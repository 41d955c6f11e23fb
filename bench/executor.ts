/**
 * The executor under both designs, a program of its own: bare node:http that answers at once with the number in the payload, and
 * remembers which run it received when. Never retried by the bench, so a second receipt of a run is a second dispatch.
 *
 * - `POST /` with `X-Run-ID` and `{"n": <number>, …}`: 200 `{"ok":true,"n":<number>}`
 * - `GET /receipts?from=<count>`: every receipt from that one on, as `[run id, n, milliseconds][]`
 * - `GET /receipts/count?at-least=<count>`: the number of distinct runs received; answers when there are so many, or after 1 s
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { reportReady } from './child.ts';
import { nowMs } from './clock.ts';

/** Run id, the number in its payload, and when its request arrived (see clock.ts). */
export type Receipt = [runId: string, n: number, atMs: number];

const WAIT_MS = 1_000;
/** Postgres writes JSON with a space after the colon, the trigger without. */
const RECEIPT = /"n":\s*(\d+)/;

const receipts: Receipt[] = [];
const distinct = new Set<string>();
/** The one question that waits for its answer; the bench asks one at a time. */
let waiting: { atLeast: number; answer: () => void } | undefined;

const server = createServer((request, response) => {
  if (request.method === 'POST') receive(request, response);
  else if (request.url?.startsWith('/receipts/count?')) answerCount(request, response);
  else answerReceipts(request, response);
});
// The default of 5 s closes connections under a client that sends again after a pause.
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT), '127.0.0.1', reportReady);
process.on('SIGTERM', () => process.exit(0));

function receive(request: IncomingMessage, response: ServerResponse): void {
  const atMs = nowMs();
  const runId = String(request.headers['x-run-id']);
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    const n = RECEIPT.exec(body)?.[1] ?? 'null';
    receipts.push([runId, Number(n), atMs]);
    distinct.add(runId);
    const answer = `{"ok":true,"n":${n}}`;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    if (waiting !== undefined && distinct.size >= waiting.atLeast) waiting.answer();
  });
}

function answerCount(request: IncomingMessage, response: ServerResponse): void {
  const atLeast = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('at-least'));
  const answer = () => {
    clearTimeout(timer);
    waiting = undefined;
    response.end(String(distinct.size));
  };
  const timer = setTimeout(answer, WAIT_MS);
  waiting = { atLeast, answer };
  if (distinct.size >= atLeast) answer();
}

function answerReceipts(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('from'));
  response.end(JSON.stringify(receipts.slice(from)));
}
