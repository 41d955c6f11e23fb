import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Connect } from './guarded-connector.ts';

const SECOND = 1_000;
/** How long an unused connection is kept where the server announces no shorter time. */
const IDLE_MS = 30 * SECOND;
/** A connection this old is not used again: a busy one would otherwise never notice that its name has moved to another address. */
const MAX_AGE_MS = 300 * SECOND;
/** Unused connections kept in all; the one unused longest goes first, so that many endpoints cost no more sockets than a few. */
const MAX_IDLE = 1_024;
/** Unused connections kept for one origin. */
const MAX_IDLE_PER_ORIGIN = 256;

/** One HTTP/1.1 connection, lent to one request at a time. */
export interface Connection {
  /** True when a connection had to be made for the present request. Certain once the request has started. */
  readonly fresh: boolean;
  send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Gives the connection back for further requests; only after a whole answer has been read. */
  giveBack(): void;
  /** Ends the connection at once, even one still being made. */
  discard(): void;
}

/** Connections kept alive per origin; the one used last is lent first, so that the others can grow old and close. */
export interface ConnectionPool {
  borrow(origin: string): Connection;
  /** Ends every connection, lent ones included; borrowing afterwards is a mistake of ours. */
  close(): Promise<void>;
}

/**
 * A pool of single connections (undici `Client`s) rather than an undici `Agent`. An Agent's signal is not heard while a connection is
 * being made (a 300 ms signal rejected after 3,000 ms) nor while a request waits for a free one, giving up on a waiting request kills
 * the connection it would have got, and a bound on origins makes it throw instead of closing what is unused. There is no bound on
 * connections in use: callers have as many as they have runs in flight. Measured as fast as the Agent, within the noise.
 */
export function makeConnectionPool(connect: Connect): ConnectionPool {
  const idle = new Map<string, PooledConnection[]>();
  /** The same connections over all origins, the one unused longest first. */
  const idleByAge = new Set<PooledConnection>();
  const open = new Set<PooledConnection>();

  function forget(connection: PooledConnection): void {
    if (!idleByAge.delete(connection)) return;
    const stack = idle.get(connection.origin);
    if (!stack) return;
    const index = stack.lastIndexOf(connection);
    if (index !== -1) stack.splice(index, 1);
    if (stack.length === 0) idle.delete(connection.origin);
  }

  function keep(connection: PooledConnection): void {
    const stack = idle.get(connection.origin);
    if (stack && stack.length >= MAX_IDLE_PER_ORIGIN) {
      connection.discard();
      return;
    }
    if (stack) stack.push(connection);
    else idle.set(connection.origin, [connection]);
    idleByAge.add(connection);
    if (idleByAge.size <= MAX_IDLE) return;
    const [oldest] = idleByAge;
    oldest?.discard();
  }

  function openConnection(origin: string): PooledConnection {
    const connection = new PooledConnection(origin, connect, {
      unused: keep,
      closed: (closed) => {
        forget(closed);
        open.delete(closed);
      },
    });
    open.add(connection);
    return connection;
  }

  return {
    borrow(origin) {
      for (let connection = idle.get(origin)?.at(-1); connection; connection = idle.get(origin)?.at(-1)) {
        forget(connection);
        if (connection.lend()) return connection;
        void connection.discard();
      }
      return openConnection(origin);
    },
    async close() {
      await Promise.all([...open].map((connection) => connection.discard()));
    },
  };
}

interface Listener {
  unused(connection: PooledConnection): void;
  closed(connection: PooledConnection): void;
}

class PooledConnection implements Connection {
  fresh = false;
  readonly origin: string;
  readonly #client: Client;
  readonly #listener: Listener;
  readonly #openedAt = performance.now();
  #connecting: Socket | null = null;
  #lent = true;

  constructor(origin: string, connect: Connect, listener: Listener) {
    this.origin = origin;
    this.#listener = listener;
    this.#client = new Client(origin, {
      // Called a second time when the server closed an unused connection just as the next request was handed to it.
      connect: (options, callback) => {
        this.fresh = true;
        this.#connecting = connect(options, callback);
      },
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // The caller's deadline covers every phase; undici's own timers would only add endings to tell apart.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client.on('disconnect', () => {
      if (!this.#lent) void this.discard();
    });
  }

  send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** Lends the connection again; false when it is too old. Should the server have closed it just now, the client makes another. */
  lend(): boolean {
    this.#lent = true;
    this.fresh = false;
    return performance.now() - this.#openedAt < MAX_AGE_MS;
  }

  giveBack(): void {
    this.#lent = false;
    this.#connecting = null;
    this.#listener.unused(this);
  }

  discard(): Promise<void> {
    this.#listener.closed(this);
    this.#connecting?.destroy(new Error('given up'));
    return this.#client.destroy();
  }
}
