import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const SECOND = 1_000;
const BACK_OFF_MS = { first: 100, last: 5 * SECOND } as const;
const CONNECT_TIMEOUT_MS = 5 * SECOND;
const PROBE_TIMEOUT_MS = 10 * SECOND;
const PROBE_EVERY_MS = 30 * SECOND;
const KEEP_ALIVE_MS = 10 * SECOND;
/** Share of the server's notification queue from which on somebody should look who is not reading. */
const QUEUE_WARNING = 0.5;

/** The one connection of a process that hears notifications. */
export interface Listener {
  /** Connects and stays connected until {@link Listener.stop}; resolves when it first listens, however long that takes. */
  start(): Promise<void>;
  /** Disconnects; nothing is called back afterwards. */
  stop(): Promise<void>;
  /** True while notifications arrive. */
  isListening(): boolean;
}

interface ListenerOptions {
  readonly channels: readonly string[];
  readonly onNotify: (channel: string, payload: string) => void;
  /** Called whenever the connection starts listening, the first time too: what was notified before may have been missed. */
  readonly onReconnect: () => void;
  readonly log: { warn(fields: object, message: string): void };
  /** Milliseconds between two probes of the connection; 30 s unless said. */
  readonly probeEveryMs?: number;
  /** Milliseconds after which a probe without an answer means that the connection is dead; 10 s unless said. */
  readonly probeTimeoutMs?: number;
}

/**
 * Makes a {@link Listener}. The connection is never in a transaction: one that is keeps the server's notification queue from being
 * emptied, and when that is full every COMMIT that notifies fails. A probe now and then asks for the fill of that queue, which also
 * lets the server drop what everybody has read, and finds out that the other end is gone where TCP says nothing.
 */
export function makeListener(url: string, options: ListenerOptions): Listener {
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;
  let session: Session | undefined;
  let listening = false;

  async function keepListening(): Promise<void> {
    let backOffMs: number = BACK_OFF_MS.first;
    while (!stopping.signal.aborted) {
      session = openSession(url, options);
      let loss: unknown;
      try {
        await session.listen();
        backOffMs = BACK_OFF_MS.first;
        listening = true;
        options.onReconnect();
        first.resolve();
        loss = await session.lost;
      } catch (error) {
        loss = error;
      }
      listening = false;
      session.close();
      if (stopping.signal.aborted) break;
      options.log.warn({ err: loss, retryMs: backOffMs }, 'not listening for notifications, connecting again');
      // Rejects only when stopped, which the loop looks at.
      await delay(backOffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_MS.last);
    }
    first.resolve();
  }

  return {
    start() {
      running ??= keepListening();
      return first.promise;
    },
    async stop() {
      stopping.abort();
      session?.close();
      await running;
    },
    isListening: () => listening,
  };
}

interface Session {
  /** Resolves when every channel is listened to. */
  listen(): Promise<void>;
  /** Resolves with the reason when the connection is no more. */
  readonly lost: Promise<unknown>;
  close(): void;
}

function openSession(url: string, options: ListenerOptions): Session {
  // Ours, because a client on a dead socket waits for ever to say goodbye; a destroyed socket needs no answer.
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    application_name: 'baton-listen',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: options.probeTimeoutMs ?? PROBE_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    stream: () => socket,
  });
  const lost = Promise.withResolvers<unknown>();
  let probing: NodeJS.Timeout | undefined;
  let closed = false;
  client.on('error', lost.resolve);
  client.on('end', () => lost.resolve(new Error('Connection terminated')));
  client.on('notification', ({ channel, payload }) => {
    if (!closed) options.onNotify(channel, payload ?? '');
  });

  async function probe(): Promise<void> {
    const { rows } = await client.query<{ usage: number }>('select pg_notification_queue_usage() as usage');
    const usage = rows[0]?.usage ?? 0;
    if (usage > QUEUE_WARNING)
      options.log.warn({ usage }, 'the notification queue of Postgres fills up: some session listens in a transaction');
  }

  // One after the other: a connection that is slow to answer must not gather questions.
  function probeLater(): void {
    if (closed) return;
    probing = setTimeout(() => probe().then(probeLater, lost.resolve), options.probeEveryMs ?? PROBE_EVERY_MS);
  }

  return {
    async listen() {
      await client.connect();
      for (const channel of options.channels) await client.query(`listen ${client.escapeIdentifier(channel)}`);
      probeLater();
    },
    lost: lost.promise,
    close() {
      closed = true;
      clearTimeout(probing);
      socket.destroy();
      lost.resolve(new Error('Connection closed by us'));
    },
  };
}
