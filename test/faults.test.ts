import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbedded } from '../src/db/embedded.ts';
import { freePort } from './support/free-port.ts';
import { findViolations } from './support/invariants.ts';
import { restartPostgres } from './support/restart-postgres.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const KEY = 'a-key-for-the-fault-test';
const RUNS = 500;
const SERVER_KILLS = 5;
const POSTGRES_RESTARTS = 2;
const BOUND_MS = 15_000;

let dataDir: string;
let postgres: EmbeddedPostgres;
let executor: Server;
let port: number;

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
  port = await freePort();
}, 60_000);

afterAll(async () => {
  executor.closeAllConnections();
  executor.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

describe('faults', () => {
  it(`lose none of ${RUNS} runs over ${SERVER_KILLS} killed servers and ${POSTGRES_RESTARTS} crashed databases`, {
    timeout: 150_000,
  }, async () => {
    const server = supervise();
    const job = await persist('POST', '/v1/jobs', {
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

    const faults = ['server', 'postgres', 'server', 'server', 'postgres', 'server', 'server'] as const;
    for (const [index, fault] of faults.entries()) {
      await acknowledgedAtLeast(acknowledged, ((index + 1) * RUNS) / (faults.length + 1));
      if (fault === 'server') server.kill();
      else await restartPostgres(postgres.dataDir);
    }
    const lastFault = performance.now();
    await triggering;
    const unfinished = await waitUntilAllFinal(acknowledged);
    const recoveryMs = Math.round(performance.now() - lastFault);
    await server.stop();

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
    expect(server.kills()).toBe(SERVER_KILLS);
  });
});

/** A server process that is started again whenever it ends, as a service manager would. */
function supervise() {
  let child: ChildProcess;
  let kills = 0;
  let stopping = false;
  const start = (): void => {
    child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        DATABASE_URL: postgres.url,
        BATON_API_KEY: KEY,
        BATON_SECRET: 'a secret for the fault test, long enough',
        ALLOW_PRIVATE_ENDPOINTS: 'true',
        PORT: String(port),
        LOG_LEVEL: 'silent',
        BATON_LEASE_SECS: '3',
        BATON_REAPER_SECS: '1',
        BATON_POLL_SECS: '1',
      },
    });
    child.once('exit', () => {
      if (!stopping) setTimeout(start, 100);
    });
  };
  start();
  return {
    kill() {
      kills++;
      child.kill('SIGKILL');
    },
    kills: () => kills,
    async stop() {
      stopping = true;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    },
  };
}

/** Triggers every run, twenty at a time, each with an idempotency key and again until it is acknowledged, as a careful client does. */
async function triggerAll(jobId: string, acknowledged: string[]): Promise<void> {
  const indexes = Array.from({ length: RUNS }, (_, index) => index).values();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (const index of indexes) {
        const run = await persist(
          'POST',
          `/v1/jobs/${jobId}/trigger`,
          { payload: { index } },
          { 'idempotency-key': `run-${index}` },
        );
        acknowledged.push(run.id);
        await delay(20);
      }
    }),
  );
}

/** Sends a request until it is answered with 2xx; a fault may cut it off or answer 503 meanwhile. */
async function persist(
  method: string,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<{ id: string }> {
  for (const giveUpAt = performance.now() + 60_000; ; ) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
      if (response.ok) return (await response.json()) as { id: string };
      const text = await response.text();
      if (response.status !== 503) throw new Refused(`${response.status} ${text}`);
    } catch (error) {
      if (error instanceof Refused || performance.now() > giveUpAt) throw error;
    }
    await delay(50);
  }
}

class Refused extends Error {}

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
