import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { FINAL_STATUSES } from '../src/core/run-state.ts';
import { type Child, startChild } from './child.ts';
import { nowMs } from './clock.ts';
import { cloneRun } from './history.ts';
import { payloadOf } from './load.ts';
import { freePort } from './ports.ts';
import type { Stage } from './stage.ts';
import type { Mode, StoredRun, Subject } from './subject.ts';

/** The admin key of every server of the bench. Not of the form the server mints, so it needs no checksum. */
export const API_KEY = 'bench-key-for-a-throwaway-cluster-alone';
const READY_TIMEOUT_MS = 30_000;
const CONNECTIONS = 64;
/** Where the roles of a server process say what a mode does. */
const ROLE = { accepting: 'api', working: 'all' } as const satisfies Record<Mode, string>;

const Created = z.object({ id: z.string() });
const CreatedInBulk = z.object({ results: z.array(Created) });

/** Baton itself: the server as users start it, driven over its public REST API. */
export async function startBaton(stage: Stage): Promise<Subject> {
  const { db, cleanup } = stage;
  const port = await freePort();
  const http = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  cleanup.defer(() => http.destroy());
  let server: Child | undefined;
  const stop = async () => server?.stop();
  cleanup.defer(stop);

  async function start(mode: Mode): Promise<number> {
    await stop();
    server = await startServer(stage, { http, port, role: ROLE[mode] });
    return server.pid;
  }

  async function post(path: string, body: unknown): Promise<unknown> {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const request = http.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
    const { statusCode, body: answer } = await request.catch((cause: unknown) => {
      throw new Error(`POST ${path} was not answered.`, { cause });
    });
    const text = await answer.text();
    if (statusCode !== 201) throw new Error(`POST ${path} was answered ${statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  await start('accepting');
  const job = { project_id: 'default', name: 'Bench', slug: 'bench', endpoint_url: stage.executor.url };
  const { id: jobId } = Created.parse(await post('/v1/jobs', job));

  const trigger = async (n: number) => {
    const { id } = Created.parse(await post(`/v1/jobs/${jobId}/trigger`, { payload: payloadOf(n) }));
    return { runId: id, n };
  };
  const unfinished = async (runIds: string[]) => {
    const text = `select id from runs where id = any($1) and status <> 'completed'`;
    const { rows } = await db.query<{ id: string }>({ name: 'unfinished', text, values: [runIds] });
    return rows.map(({ id }) => id);
  };

  return {
    name: 'baton',
    start,
    stop,
    trigger,
    unfinished,
    async triggerBulk(numbers) {
      const items = numbers.map((n) => ({ payload: payloadOf(n) }));
      const { results } = CreatedInBulk.parse(await post(`/v1/jobs/${jobId}/trigger/bulk`, { items }));
      if (results.length !== numbers.length)
        throw new Error(`${numbers.length} triggers in bulk were answered with ${results.length}.`);
      return results.map(({ id }, index) => ({ runId: id, n: numbers[index] ?? Number.NaN }));
    },
    addHistory: (count) => cloneRun(db, count),
    async storedRuns() {
      const { rows } = await db.query<StoredRun>(STORED_RUNS, [FINAL_STATUSES]);
      return rows;
    },
  };
}

const STORED_RUNS = `
  select r.id, r.status, (d.result ->> 'n')::int as n,
    (select count(*)::int from run_events e where e.run_id = r.id and e.to_status = any($1)) as endings
  from runs r left join run_results d on d.run_id = r.id
  where not exists (select from bench_history h where h.run_id = r.id)`;

/** Starts the server of a stage and waits until it is ready. */
export async function startServer(
  stage: Stage,
  { http, port, role }: { readonly http: Pool; readonly port: number; readonly role: 'api' | 'all' },
): Promise<Child> {
  const env = { ...process.env, ...serverEnvironment(stage), PORT: String(port), BATON_ROLE: role };
  const server = await startChild({ name: 'Baton server', command: process.execPath, args: stage.server, env });
  await waitUntilReady(http, server);
  return server;
}

/** What every server of the bench is told, apart from its port and role. */
export function serverEnvironment({ cluster }: Stage): NodeJS.ProcessEnv {
  return {
    HOST: '127.0.0.1',
    DATABASE_URL: cluster.url,
    BATON_API_KEY: API_KEY,
    BATON_SECRET: 'a-secret-for-the-bench-alone-0123456789abcdef',
    BATON_PROJECT_ID: 'default',
    ALLOW_PRIVATE_ENDPOINTS: 'true',
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  };
}

/** Waits until a server answers that it is ready; throws when it ends first, or takes too long. */
export async function waitUntilReady(http: Pool, server: Child): Promise<void> {
  const giveUpAt = nowMs() + READY_TIMEOUT_MS;
  for (;;) {
    if (!server.isRunning()) throw new Error('The Baton server ended before it was ready; see its output above.');
    if (await isReady(http)) return;
    if (nowMs() > giveUpAt) throw new Error(`The Baton server is not ready after ${READY_TIMEOUT_MS / 1000} s.`);
    await delay(25);
  }
}

async function isReady(http: Pool): Promise<boolean> {
  try {
    const response = await http.request({ method: 'GET', path: '/readyz' });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    // Not listening yet; waitUntilReady sees when it has ended instead.
    return false;
  }
}
