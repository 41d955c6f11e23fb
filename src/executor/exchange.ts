import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { DispatchTrace } from '../core/outcome.ts';
import type { Connection } from './connection-pool.ts';

const SECOND = 1_000;
/** The longest delay a timer takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** After an answer whose body nobody wants, the connection is kept only if the rest comes within this time and size. */
const DRAIN_MS = 5 * SECOND;
const DRAIN_BYTES = 16 * 1_024;

/** The parts of an HTTP answer that come before its body. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** A POST as it goes out; `headers` is a flat list of names and values. */
export interface OutgoingRequest {
  readonly path: string;
  readonly headers: string[];
  readonly body: string;
}

/** What bounds an exchange. */
export interface ExchangeLimits {
  /** Milliseconds for everything: connecting, waiting, reading. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** How many bytes of the body are wanted, known from the head; 0 ends the exchange at the head. */
  bodyLimit(head: ResponseHead): number;
}

/** How an exchange ended, and what had been read by then: no head, a head, a part of the body (at most its limit) or all of it. */
export interface Ending {
  /** `cut`: the body was longer than its limit. */
  readonly how: 'complete' | 'cut' | 'broken' | 'deadline' | 'aborted';
  readonly head: ResponseHead | null;
  readonly body: Buffer;
  /** Set when `how` is `broken`. */
  readonly error: Error | null;
  readonly trace: DispatchTrace;
}

/**
 * Sends one request over a connection lent for it and reads the answer. Always resolves, within `timeoutMs`, and always gives the
 * connection back or ends it: back only when the whole answer was read, so that no rest of it can be taken for the next one.
 */
export function exchange(connection: Connection, request: OutgoingRequest, limits: ExchangeLimits): Promise<Ending> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(connection, limits, resolve);
    connection.send({ path: request.path, method: 'POST', headers: request.headers, body: request.body }, handler);
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #connection: Connection;
  readonly #limits: ExchangeLimits;
  readonly #resolve: (ending: Ending) => void;
  readonly #startedAt = performance.now();
  #sentAt = 0;
  #headAt = 0;
  #timer: NodeJS.Timeout;
  #settled = false;
  #head: ResponseHead | null = null;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #limit = 0;

  constructor(connection: Connection, limits: ExchangeLimits, resolve: (ending: Ending) => void) {
    this.#connection = connection;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#timer = setTimeout(this.#onDeadline, Math.min(limits.timeoutMs, MAX_TIMER_MS));
    limits.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(): void {
    this.#sentAt = performance.now();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Informational answers (103 and the like) announce the real one.
    if (status < 200 || this.#settled) return;
    this.#headAt = performance.now();
    this.#head = { status, headers };
    this.#limit = this.#limits.bodyLimit(this.#head);
    if (this.#limit > 0) return;
    this.#settle('complete', null);
    this.#limit = DRAIN_BYTES;
    this.#timer = setTimeout(() => this.#connection.discard(), DRAIN_MS);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#limit - this.#size;
    this.#size += chunk.length;
    if (!this.#settled) this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (chunk.length > room) this.#giveUp('cut');
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    this.#connection.giveBack();
    if (!this.#settled) this.#settle('complete', null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#timer);
    this.#connection.discard();
    if (!this.#settled) this.#settle('broken', error);
  }

  readonly #onDeadline = (): void => this.#giveUp('deadline');

  readonly #onAbort = (): void => this.#giveUp('aborted');

  #giveUp(how: 'cut' | 'deadline' | 'aborted'): void {
    clearTimeout(this.#timer);
    if (!this.#settled) this.#settle(how, null);
    this.#connection.discard();
  }

  #settle(how: Ending['how'], error: Error | null): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#limits.signal.removeEventListener('abort', this.#onAbort);
    const [only] = this.#chunks;
    const body = only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
    this.#resolve({ how, head: this.#head, body, error, trace: this.#trace() });
  }

  /** A phase not reached took no time; the one that was interrupted took until now. Waiting on a reused connection is not connecting. */
  #trace(): DispatchTrace {
    const now = performance.now();
    const sentAt = this.#sentAt || now;
    const headAt = this.#headAt || now;
    const connected = this.#connection.fresh || this.#sentAt === 0 ? sentAt : this.#startedAt;
    const connect_ms = Math.round(connected - this.#startedAt);
    const ttfb_ms = Math.round(headAt - connected);
    const transfer_ms = Math.round(now - headAt);
    return { connect_ms, ttfb_ms, transfer_ms, dispatch_ms: connect_ms + ttfb_ms + transfer_ms };
  }
}
