import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Listener, makeListener } from '../src/db/listen.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let database: TestDatabase;
let client: pg.Client;
const listeners: Listener[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('makeListener', () => {
  it('hears what is notified on its channels, and nothing else', async () => {
    const { listener, heard } = listen(database.url, ['first', 'Second channel']);
    await listener.start();

    await notify('elsewhere', 'not for us');
    await notify('first', 'a');
    await notify('Second channel', 'b');

    expect(await heard.next()).toEqual(['first', 'a']);
    expect(await heard.next()).toEqual(['Second channel', 'b']);
    expect(listener.isListening()).toBe(true);
  });

  it('connects again when its session is terminated, says so, and hears what comes later', async () => {
    const { listener, heard, connected } = listen(database.url);
    await listener.start();
    expect(await connected.next()).toBe(1);

    await terminate();

    expect(await connected.next()).toBe(2);
    await notify('runs', 'after');
    expect(await heard.next()).toEqual(['runs', 'after']);
  });

  it('notices an other end that has gone without a word', async () => {
    const proxy = await startProxy(database.url);
    const { listener, heard, connected } = listen(proxy.url, ['runs'], 50);
    await listener.start();
    expect(await connected.next()).toBe(1);

    proxy.freeze();

    expect(await connected.next()).toBe(2);
    await notify('runs', 'after');
    expect(await heard.next()).toEqual(['runs', 'after']);
    proxy.close();
  });

  it('keeps trying while there is nothing to connect to', async () => {
    const proxy = await startProxy(database.url);
    proxy.refuse(2);
    const { listener, warnings } = listen(proxy.url);

    await listener.start();

    expect(warnings.length).toBe(2);
    proxy.close();
  });

  it('stops while it cannot connect', async () => {
    const proxy = await startProxy(database.url);
    proxy.refuse(Number.POSITIVE_INFINITY);
    const { listener, connected } = listen(proxy.url);
    const started = listener.start();

    await listener.stop();
    await started;

    expect(connected.waiting()).toBe(0);
    expect(listener.isListening()).toBe(false);
    proxy.close();
  });

  it('is never in a transaction', async () => {
    const { listener } = listen(database.url);
    await listener.start();

    const { rows } = await client.query(
      "select state, xact_start from pg_stat_activity where application_name = 'baton-listen' and datname = current_database()",
    );
    expect(rows).toEqual([{ state: 'idle', xact_start: null }]);
  });
});

function listen(url: string, channels = ['runs'], probeEveryMs = 30_000) {
  const heard = makeQueue<[string, string]>();
  const connected = makeQueue<number>();
  const warnings: string[] = [];
  let connections = 0;
  const listener = makeListener(url, {
    channels,
    onNotify: (channel, payload) => heard.push([channel, payload]),
    onReconnect: () => {
      connections += 1;
      connected.push(connections);
    },
    log: { warn: (_fields, message) => warnings.push(message) },
    probeEveryMs,
    probeTimeoutMs: 200,
  });
  listeners.push(listener);
  return { listener, heard, connected, warnings };
}

/** Values in the order they came, to be awaited one by one. */
function makeQueue<T>() {
  const values: T[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    push(value: T): void {
      const taker = takers.shift();
      if (taker) taker(value);
      else values.push(value);
    },
    next(): Promise<T> {
      const value = values.shift();
      return value === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(value);
    },
    waiting: () => values.length,
  };
}

async function notify(channel: string, payload: string): Promise<void> {
  await client.query('select pg_notify($1, $2)', [channel, payload]);
}

async function terminate(): Promise<void> {
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'baton-listen' and datname = current_database()",
  );
}

/** A TCP proxy in front of Postgres that can stop passing anything on for the connections it has, or refuse new ones. */
async function startProxy(target: string) {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  let refusals = 0;
  const server = createServer((near) => {
    if (refusals > 0) {
      refusals -= 1;
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    pairs.add([near, far]);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  // A TCP server that listens has an address of this form.
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.toString(),
    freeze(): void {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
    },
    refuse(times: number): void {
      refusals = times;
    },
    close(): void {
      for (const sockets of pairs) for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
