import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/sdk/entry.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { persist } from '../support/persist.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const WRITERS = 10;
const SECONDS = 4;

let database: TestDatabase;
let db: pg.Pool;
let executor: Server;
/** Two server processes on one database. */
let servers: readonly [ServerProcess, ServerProcess];

beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Pool({ connectionString: database.url, max: 2 });
  executor = createServer((req, res) => {
    req.resume();
    res.writeHead(202).end();
  });
  executor.listen(0, '127.0.0.1');
  await once(executor, 'listening');
  // Its executor is silent for as long as the story takes.
  const env = { BATON_LEASE_SECS: '30' };
  servers = [await startServerProcess(database.url, env), await startServerProcess(database.url, env)];
}, 60_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  executor.closeAllConnections();
  executor.close();
  await db.end();
  await database.drop();
}, 60_000);

describe('following a run', () => {
  it('tells everything once and in order, over killed servers, lost listeners, and from one process to another', {
    timeout: 150_000,
  }, async () => {
    const [one, two] = servers;
    const { port } = executor.address() as AddressInfo;
    const endpoint_url = `http://127.0.0.1:${port}/`;
    await persist(`${one.url}/v1/jobs`, { name: 'Story', slug: 'story', endpoint_url, heartbeat_timeout_secs: 600 });
    const run = await persist(`${one.url}/v1/jobs/story/trigger`, { payload: 1 });
    await until(async () => (await status(run.id)) === 'executing');
    const token = String(run.run_token);
    const { token: streamToken } = await persist(`${one.url}/v1/sse-token`, { run_id: run.id });

    const readers = {
      sdkStream: cursorsOf(createClient({ url: one.url, apiKey: PROCESS_KEY }).runs.stream(run.id), ({ cursor }) => cursor),
      sdkWatch: cursorsOf(createClient({ url: two.url, apiKey: PROCESS_KEY }).runs.watch(run.id), ({ seq }) => String(seq)),
      // Its reconnects are those of the standard: after 3 s, with Last-Event-ID.
      eventSource: byEventSource(`${one.url}/v1/runs/${run.id}/stream/chunks?token=${streamToken}`),
      wanderer: byRest([one.url, two.url], `/v1/runs/${run.id}/stream/chunks`),
    };

    const acknowledged = new Map<string, number[]>();
    const endAt = performance.now() + SECONDS * 1_000;
    const writing = Array.from({ length: WRITERS }, async (_, writer) => {
      const own: number[] = [];
      acknowledged.set(`w${writer}`, own);
      for (let index = 0; performance.now() < endAt; index += 1) {
        const server = servers[(writer + index) % 2] ?? one;
        await persist(
          `${server.url}/sdk/v1/runs/${run.id}/stream`,
          { chunk: String(index), stream_id: `w${writer}` },
          { key: token },
        );
        own.push(index);
      }
    });
    const terminating = (async () => {
      for (let second = 0; second < SECONDS; second += 1) {
        await delay(1_000);
        await db.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'baton-listen' and datname = current_database()",
        );
        if (second === 1) await one.kill();
        if (second === 2) await two.kill();
      }
    })();
    await Promise.all([...writing, terminating]);
    await persist(`${two.url}/sdk/v1/runs/${run.id}/complete`, {}, { key: token });

    const { rows } = await db.query<{ seq: number; data: { stream_id: string; chunks: string[] } | null; type: string }>(
      'select seq, type, data from run_events where run_id = $1 order by seq',
      [run.id],
    );
    const chunkRows = rows.flatMap((row) => (row.type === 'chunk' && row.data ? [{ seq: row.seq, ...row.data }] : []));
    const story = chunkRows.flatMap(({ seq, chunks }) => chunks.map((_, index) => `${seq}.${index + 1}`));
    expect(await readers.sdkStream).toEqual(story);
    expect(await readers.eventSource).toEqual(story);
    expect(await readers.wanderer).toEqual(story);
    expect(await readers.sdkWatch).toEqual(rows.map(({ seq }) => String(seq)));
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));

    // A piece whose answer was cut off is sent again, so that it may stand there twice, one after the other.
    for (const [streamId, own] of acknowledged) {
      const stored = chunkRows.flatMap((row) => (row.stream_id === streamId ? row.chunks.map(Number) : []));
      expect(stored.filter((value, index) => value !== stored[index - 1])).toEqual(own);
    }
    expect([...acknowledged.values()].filter((own) => own.length === 0)).toEqual([]);
    expect(acknowledged.size).toBe(WRITERS);
  });
});

async function cursorsOf<T>(items: AsyncIterable<T>, cursorOf: (item: T) => string): Promise<string[]> {
  const cursors: string[] = [];
  for await (const item of items) cursors.push(cursorOf(item));
  return cursors;
}

function byEventSource(url: string): Promise<string[]> {
  const cursors: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const source = new EventSource(url);
  source.onmessage = ({ lastEventId }) => void cursors.push(lastEventId);
  source.onerror = ({ code }) => {
    if (source.readyState !== source.CLOSED) return;
    if (code === 410) resolve(cursors);
    else reject(new Error(`the event source was refused with ${code}`));
  };
  return promise;
}

/** Reads with plain requests, each from the next server, each a few messages long at most, until the answer is 410. */
async function byRest(urls: readonly string[], path: string): Promise<string[]> {
  const cursors: string[] = [];
  for (let turn = 0; ; turn += 1) {
    try {
      const last = cursors.at(-1);
      const response = await fetch(`${urls[turn % urls.length]}${path}`, {
        headers: { authorization: `Bearer ${PROCESS_KEY}`, ...(last !== undefined && { 'last-event-id': last }) },
      });
      if (response.status === 410) return cursors;
      if (!response.ok || !response.body) throw new Error(`${response.status}`);
      let messages = 0;
      for await (const text of linesWithIds(
        // Node's streams are iterable, which the types of the DOM do not say.
        response.body as unknown as AsyncIterable<Uint8Array>,
      )) {
        cursors.push(text);
        messages += 1;
        if (messages > 40) break;
      }
    } catch {
      // The server was killed, or is not back yet.
      await delay(50);
    }
  }
}

/** The ids of messages that have come whole. */
async function* linesWithIds(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const part of body) {
    rest += decoder.decode(part, { stream: true });
    const frames = rest.split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const id = /^id: (.*)$/m.exec(frame)?.[1];
      if (id !== undefined) yield id;
    }
  }
}

async function status(runId: string): Promise<string | undefined> {
  return (await db.query<{ status: string }>('select status from runs where id = $1', [runId])).rows[0]?.status;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await delay(20);
}
