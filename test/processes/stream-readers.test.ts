import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { type Client, createClient } from 'graphql-sse';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestExecutor, type TestExecutor } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const FOLLOW = 'subscription ($id: ID!, $after: Int) { runEvents(runId: $id, after: $after) { seq } }';
const AUTHORIZATION = { authorization: `Bearer ${PROCESS_KEY}` };
const WRITERS = 10;
const LINES = 12;

let database: TestDatabase;
let executor: TestExecutor;
let crashing: ServerProcess;
let steady: ServerProcess;
const tokens = new Map<string, string>();

beforeAll(async () => {
  database = await createTestDatabase();
  executor = await startTestExecutor();
  executor.answer(({ headers }, res) => {
    tokens.set(String(headers['x-run-id']), String(headers['x-run-token']));
    res.writeHead(202).end();
  });
  // One after the other: the first migrates.
  steady = await startServerProcess(database.url, { BATON_LEASE_SECS: '60' });
  crashing = await startServerProcess(database.url, { BATON_ROLE: 'api' });
}, 60_000);

afterAll(async () => {
  await Promise.all([crashing?.stop(), steady?.stop()]);
  await executor.close();
  await database.drop();
}, 60_000);

/** A reader that follows a run to its end, however often it is cut off, and answers what it was told. */
type Reader = (id: string) => Promise<number[]>;

/** Goes on after the last event it saw, by a request header; the client reconnects by itself. */
const distinct: Reader = async (id) => {
  const seen: number[] = [];
  const client = createClient({
    url: `${crashing.url}/graphql/stream`,
    headers: () => ({ ...AUTHORIZATION, ...(seen.length > 0 && { 'last-event-id': String(seen.at(-1)) }) }),
    retryAttempts: 1_000,
    retry: () => delay(20),
  });
  for await (const seq of seqs(client, { id, after: 0 })) seen.push(seq);
  client.dispose();
  return seen;
};

/** Asks again with the `after` of its document. */
const single: Reader = async (id) => {
  const seen: number[] = [];
  for (let isOver = false; !isOver; ) {
    const client = createClient({
      url: `${crashing.url}/graphql/stream`,
      singleConnection: true,
      headers: { ...AUTHORIZATION },
      retryAttempts: 0,
    });
    try {
      for await (const seq of seqs(client, { id, after: seen.at(-1) ?? 0 })) seen.push(seq);
      isOver = true;
    } catch {
      await delay(20);
    }
    client.dispose();
  }
  return seen;
};

/** Leaves after every fifty events, and asks the other process for what comes next. */
const wanderer: Reader = async (id) => {
  const seen: number[] = [];
  for (let turn = 0, isOver = false; !isOver; turn++) {
    const client = createClient({
      url: `${(turn % 2 ? crashing : steady).url}/graphql`,
      headers: { ...AUTHORIZATION },
      retryAttempts: 0,
    });
    const until = seen.length + 50;
    try {
      isOver = true;
      for await (const seq of seqs(client, { id, after: seen.at(-1) ?? 0 })) {
        seen.push(seq);
        if (seen.length < until) continue;
        isOver = false;
        break;
      }
    } catch {
      isOver = false;
      await delay(20);
    }
    client.dispose();
  }
  return seen;
};

/** A browser's own client, which reconnects and says where it was without being told to. */
const eventSource: Reader = (id) => {
  const { promise, resolve } = Promise.withResolvers<number[]>();
  const seen: number[] = [];
  const query = new URLSearchParams({ query: FOLLOW, variables: JSON.stringify({ id }) });
  const source = new EventSource(`${crashing.url}/graphql?${query}`, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...AUTHORIZATION } }),
  });
  source.addEventListener('next', ({ data }) => seen.push(JSON.parse(data).data.runEvents.seq));
  source.addEventListener('complete', () => {
    source.close();
    resolve(seen);
  });
  return promise;
};

async function* seqs(
  client: Pick<Client, 'iterate'>,
  variables: { readonly id: string; readonly after: number },
): AsyncGenerator<number> {
  const events = client.iterate<{ runEvents: { seq: number } }>({ query: FOLLOW, variables: { ...variables } });
  for await (const { data } of events) if (data) yield data.runEvents.seq;
}

describe('the readers of a run', () => {
  it('are told every event once and in order, over killed servers, lost listeners and other processes', {
    timeout: 90_000,
  }, async () => {
    const job = await post('/v1/jobs', {
      project_id: 'default',
      name: 'Told',
      slug: 'told',
      endpoint_url: executor.url,
      timeout_secs: 600,
    });
    const { id } = await post(`/v1/jobs/${job.id}/trigger`, {});
    await expect.poll(() => tokens.has(id)).toBe(true);
    const told = [distinct, single, wanderer, eventSource, distinct].map((reader) => reader(id));

    const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(id, writer)));
    for (let crash = 0; crash < 2; crash++) {
      await delay(300);
      await crashing.crash();
      await cutListeners();
    }
    await writing;
    await post(`/sdk/v1/runs/${id}/complete`, { result: {} }, tokens.get(id));

    const whole = Array.from({ length: 4 + WRITERS * LINES }, (_, index) => index + 1);
    for (const seen of await Promise.all(told)) expect(seen).toEqual(whole);
  });
});

describe('a live list', () => {
  it('is what the query answers, over killed servers and changes made through another process', { timeout: 90_000 }, async () => {
    const rows = new Map<string, string>();
    let cursor: string | null = null;
    const client = createClient({
      url: `${crashing.url}/graphql/stream`,
      headers: () => ({ ...AUTHORIZATION, ...(cursor !== null && { 'last-event-id': cursor }) }),
      retryAttempts: 1_000,
      retry: () => delay(20),
    });
    const events = client.iterate<{ runChanged: Changed }>({
      query: 'subscription { runChanged { cursor reset changes { runId run { status } } } }',
    });
    const following = (async () => {
      for await (const { data } of events) {
        if (!data) continue;
        const { reset, changes } = data.runChanged;
        if (reset) for (const [id, status] of await listed()) rows.set(id, status);
        for (const { runId, run } of changes) if (run) rows.set(runId, run.status);
        cursor = data.runChanged.cursor;
      }
    })();
    const job = await post('/v1/jobs', { project_id: 'default', name: 'Listed', slug: 'listed', endpoint_url: executor.url });

    const runs = Array.from({ length: 30 }, async (_, index) => {
      await delay(index * 100);
      const { id } = await post(`/v1/jobs/${job.id}/trigger`, {});
      await expect.poll(() => tokens.has(id), { timeout: 20_000 }).toBe(true);
      await post(`/sdk/v1/runs/${id}/complete`, { result: {} }, tokens.get(id));
    });
    await delay(500);
    await crashing.crash();
    await Promise.all(runs);

    await expect.poll(() => [...rows].sort(), { timeout: 20_000, interval: 100 }).toEqual((await listed()).sort());
    expect(rows.size).toBeGreaterThanOrEqual(30);
    client.dispose();
    await following.catch(() => undefined);
  });
});

interface Changed {
  readonly cursor: string;
  readonly reset: boolean;
  readonly changes: readonly { readonly runId: string; readonly run: { readonly status: string } | null }[];
}

/** What the query answers. */
async function listed(): Promise<[string, string][]> {
  const response = await fetch(`${steady.url}/graphql`, {
    method: 'POST',
    headers: { ...AUTHORIZATION, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ runs(first: 100) { edges { node { id status } } } }' }),
  });
  const { data } = (await response.json()) as { data: { runs: { edges: { node: { id: string; status: string } }[] } } };
  return data.runs.edges.map(({ node }) => [node.id, node.status]);
}

/** Writes lines at a pace that lasts longer than the faults. */
async function write(id: string, writer: number): Promise<void> {
  for (let line = 0; line < LINES; line++) {
    await post(`/sdk/v1/runs/${id}/log`, { message: `${writer}.${line}` }, tokens.get(id));
    await delay(150 + 10 * writer);
  }
}

async function post(path: string, body: object, key: string = PROCESS_KEY): Promise<{ id: string }> {
  const response = await fetch(`${steady.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text === '' ? { id: '' } : JSON.parse(text);
}

async function cutListeners(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'baton-listen' and datname = current_database()`,
  );
  await client.end();
}
