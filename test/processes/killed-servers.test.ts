import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded.ts';
import { findViolations } from '../support/invariants.ts';
import { persist } from '../support/persist.ts';
import { restartPostgres } from '../support/restart-postgres.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const RUNS = 500;
const FAULTS = ['server', 'postgres', 'server', 'server', 'postgres', 'server', 'server'] as const;
const BOUND_MS = 15_000;

let dataDir: string;
let postgres: EmbeddedPostgres;
let executor: Server;
let server: ServerProcess;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'baton-faults-'));
  // As root, Postgres runs as another user, who must be able to enter.
  await chmod(dataDir, 0o711);
  postgres = await startEmbedded({ dataDir });
  executor = createServer((req, res) => {
    req.resume();
    setTimeout(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'), 5 + Math.random() * 15);
  });
  executor.listen(0, '127.0.0.1');
  await once(executor, 'listening');
  server = await startServerProcess(postgres.url);
}, 60_000);

afterAll(async () => {
  await server?.stop();
  executor.closeAllConnections();
  executor.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

describe('faults', () => {
  it(`lose none of ${RUNS} runs over killed servers and crashed databases`, {
    timeout: 150_000,
  }, async () => {
    const job = await persist(`${server.url}/v1/jobs`, {
      project_id: 'default',
      name: 'Survivor',
      slug: 'survivor',
      endpoint_url: `http://127.0.0.1:${(executor.address() as AddressInfo).port}/`,
      max_attempts: 20,
      webhook_url: `http://127.0.0.1:${(executor.address() as AddressInfo).port}/ended`,
      retry_strategy: 'fixed',
      retry_initial_delay_secs: 1,
    });
    const acknowledged: string[] = [];
    const triggering = triggerAll(job.id, acknowledged);

    for (const [index, fault] of FAULTS.entries()) {
      await acknowledgedAtLeast(acknowledged, ((index + 1) * RUNS) / (FAULTS.length + 1));
      if (fault === 'server') await server.kill();
      else await restartPostgres(postgres.dataDir);
    }
    const lastFault = performance.now();
    await triggering;
    const unfinished = await waitUntilAllFinal(acknowledged);
    const recoveryMs = Math.round(performance.now() - lastFault);
    const ending = await server.stop();

    expect(ending).toEqual([0, null]);
    expect(unfinished).toEqual([]);
    expect(recoveryMs).toBeLessThan(BOUND_MS);
    expect(await queryAll('select distinct status from runs')).toEqual([{ status: 'completed' }]);
    // A key is free again once its run is final (semantics.md §2.6): a run whose answer a fault cut off, and that ended before the
    // client asked again, has a second one under its key. No other run may stand beside those that were acknowledged.
    expect(new Set(acknowledged).size).toBe(RUNS);
    expect(
      await queryAll(
        `select id from runs r where id <> all ($1) and not exists (select from runs a where a.id = any ($1)
           and a.idempotency_key = r.idempotency_key)`,
        [acknowledged],
      ),
    ).toEqual([]);
    expect(await withClient(findViolations)).toEqual([]);
    // Whatever ended a run has stored what is to be told of it, once, and somebody sends it.
    expect(
      await queryAll('select id from runs r where 1 <> (select count(*) from webhook_deliveries d where d.run_id = r.id)'),
    ).toEqual([]);
    expect(await queryAll(`select status from webhook_deliveries where status not in ('delivered', 'pending')`)).toEqual([]);
  });
});

/** Triggers every run, twenty at a time, each with an idempotency key and again until it is acknowledged, as a careful client does. */
async function triggerAll(jobId: string, acknowledged: string[]): Promise<void> {
  const indexes = Array.from({ length: RUNS }, (_, index) => index).values();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (const index of indexes) {
        const headers = { 'idempotency-key': `run-${index}` };
        const run = await persist(`${server.url}/v1/jobs/${jobId}/trigger`, { payload: { index } }, { headers });
        acknowledged.push(run.id);
        await delay(20);
      }
    }),
  );
}

async function acknowledgedAtLeast(acknowledged: readonly string[], count: number): Promise<void> {
  while (acknowledged.length < count) await delay(5);
}

async function waitUntilAllFinal(ids: readonly string[]): Promise<string[]> {
  const giveUpAt = performance.now() + 2 * BOUND_MS;
  for (;;) {
    const open = await queryAll<{ id: string }>('select id from runs where finished_at is null');
    const known = await queryAll<{ id: string }>('select id from runs where id = any ($1)', [ids]);
    const lost = ids.length - known.length;
    if ((open.length === 0 && lost === 0) || performance.now() > giveUpAt) {
      return [...open.map((row) => row.id), ...(lost > 0 ? [`${lost} lost`] : [])];
    }
    await delay(50);
  }
}

async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function queryAll<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(async (client) => (await client.query<Row>(text, values)).rows);
}
