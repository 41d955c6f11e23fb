import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-sse';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestExecutor, type TestExecutor } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { persist } from '../support/persist.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const SECONDS = 8;
/** Each run is queued, dequeued, executing and completed or dead: four changes. */
const RUNS_PER_SECOND = 50;
const RUNS = SECONDS * RUNS_PER_SECOND;
const FOLLOW = `subscription ($filter: RunFilter) {
  runChanged(filter: $filter) { cursor reset changes { kind runId run { status } } }
}`;

interface Changed {
  readonly cursor: string;
  readonly reset: boolean;
  readonly changes: readonly {
    readonly kind: 'ENTER' | 'CHANGE' | 'LEAVE';
    readonly runId: string;
    readonly run: { readonly status: string } | null;
  }[];
}

/** A live list as a page would keep it: what it shows, and what was told wrong. */
interface LiveList {
  readonly rows: Map<string, string>;
  readonly faults: string[];
  messages: number;
  readonly client: Client;
}

describe('live lists under 200 changes per second', () => {
  let database: TestDatabase;
  let db: pg.Pool;
  let executor: TestExecutor;
  let server: ServerProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = new pg.Pool({ connectionString: database.url, max: 2 });
    executor = await startTestExecutor();
    // Every fifth fails for good.
    executor.answer(({ payload }, res) => void res.writeHead(Number(payload) % 5 === 0 ? 400 : 200).end());
    server = await startServerProcess(database.url);
    for (const slug of ['one', 'two']) {
      await persist(`${server.url}/v1/jobs`, { name: slug, slug, endpoint_url: executor.url, max_attempts: 1 });
    }
  });
  afterAll(async () => {
    await server?.stop();
    await executor?.close();
    await db?.end();
    await database?.drop();
  });

  function follow(filter: object | null): LiveList {
    const list: LiveList = {
      rows: new Map(),
      faults: [],
      messages: 0,
      client: createClient({
        url: `${server.url}/graphql/stream`,
        headers: { authorization: `Bearer ${PROCESS_KEY}` },
        retryAttempts: 0,
      }),
    };
    void (async () => {
      for await (const { data } of list.client.iterate<{ runChanged: Changed }>({ query: FOLLOW, variables: { filter } })) {
        if (!data) continue;
        list.messages += 1;
        if (data.runChanged.reset && list.messages > 1) list.faults.push('was told to load everything anew');
        for (const change of data.runChanged.changes) apply(list, change);
      }
    })().catch((error: unknown) => list.faults.push(String(error)));
    return list;
  }

  function apply({ rows, faults }: LiveList, { kind, runId, run }: Changed['changes'][number]): void {
    if (kind === 'LEAVE') rows.delete(runId);
    else if (run) rows.set(runId, run.status);
    else faults.push(`${kind} of ${runId} without the run`);
  }

  it('end up as the query answers, none behind, with fewer messages than changes', { timeout: 90_000 }, async () => {
    const filters = [
      null,
      null,
      null,
      { job: 'one' },
      { job: 'two' },
      { status: ['FAILED'] },
      { status: ['QUEUED', 'EXECUTING'] },
    ];
    const lists = filters.map(follow);
    await expect.poll(() => lists.every(({ messages }) => messages > 0), { timeout: 10_000 }).toBe(true);

    const began = performance.now();
    const triggering: Promise<unknown>[] = [];
    for (let run = 0; run < RUNS; run++) {
      await delay(Math.max(0, began + (run * 1_000) / RUNS_PER_SECOND - performance.now()));
      const slug = run % 2 ? 'one' : 'two';
      triggering.push(persist(`${server.url}/v1/jobs/${slug}/trigger`, { payload: run }));
    }
    await Promise.all(triggering);
    await expect.poll(() => count('finished_at is not null'), { timeout: 30_000 }).toBe(RUNS);

    const expected = await Promise.all([
      ...[0, 1, 2].map(() => rows('true')),
      rows("job_id = (select id from jobs where slug = 'one')"),
      rows("job_id = (select id from jobs where slug = 'two')"),
      rows("status = 'failed'"),
      rows("status in ('queued', 'executing')"),
    ]);
    for (const [index, list] of lists.entries()) {
      await expect.poll(() => [...list.rows].sort(), { timeout: 10_000 }).toEqual(expected[index]);
      expect(list.faults).toEqual([]);
    }
    expect(expected[0]).toHaveLength(RUNS);
    expect(expected[5]).toHaveLength(RUNS / 5);
    const { rows: changes } = await db.query<{ count: number }>(
      'select count(*)::int as count from run_events where to_status is not null',
    );
    expect(changes[0]?.count).toBe(4 * RUNS);
    // What changes while a message is on its way is told in the next, together.
    for (const { messages } of lists) expect(messages).toBeLessThan(4 * RUNS);
    for (const { client } of lists) client.dispose();
  });

  async function count(where: string): Promise<number> {
    return (await rows(where)).length;
  }

  async function rows(where: string): Promise<[string, string][]> {
    const { rows: found } = await db.query<{ id: string; status: string }>(
      `select id, upper(status) as status from runs where ${where}`,
    );
    return found.map(({ id, status }): [string, string] => [id, status]).sort();
  }
});
