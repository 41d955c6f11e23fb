import type { ServerResponse } from 'node:http';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CIRCUIT_POLICY } from '../src/core/circuit.ts';
import { makeCircuits } from '../src/domain/circuits/circuits.ts';
import type { Job } from '../src/domain/jobs/job.ts';
import { updateJob } from '../src/domain/jobs/update-job.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { type HttpExecutor, makeHttpExecutor } from '../src/executor/http-executor.ts';
import { startTestExecutor, type TestExecutor } from './support/app.ts';
import { startTestEngine, type TestEngine } from './support/engine.ts';

/** Longer than a test. */
const OPEN_MS = 600_000;

let t: TestEngine;
let http: HttpExecutor;
beforeAll(async () => {
  http = makeHttpExecutor({ policy: { allowPrivate: true }, userAgent: 'baton-test' });
  t = await start();
});
afterAll(async () => {
  await t.close();
  await http.close();
});

// Every test has endpoints, and so circuits, of its own.
let endpoint: TestExecutor;
let fallback: TestExecutor;
beforeEach(async () => {
  endpoint = await startTestExecutor();
  fallback = await startTestExecutor();
});
afterEach(async () => {
  await endpoint.close();
  await fallback.close();
});

async function start(url?: string): Promise<TestEngine> {
  const circuitPolicy = { failures: 5, openMs: OPEN_MS };
  const engine = await startTestEngine({ circuitPolicy, reaperMs: 100, ...(url && { url }) });
  engine.answer((attempt, signal) => http.execute(attempt, signal));
  return engine;
}

const breakOff = (_dispatch: unknown, res: ServerResponse) => res.destroy();
const status = (code: number) => (_dispatch: unknown, res: ServerResponse) => res.writeHead(code).end('told to');
const complete = (_dispatch: unknown, res: ServerResponse) => res.writeHead(200).end('{"ok":true}');

const trigger = async (job: Job): Promise<string> => (await triggerRun(t.actor, { job: job.slug, payload: 1 }, t.engine.runs)).id;
const ended = (id: string) => t.until(id, ({ status }) => !['queued', 'dequeued', 'executing'].includes(status));
const snoozed = (id: string) => t.until(id, ({ hold }) => hold?.startsWith('circuit:') ?? false);

/** Runs one after the other, each to its end; answers how they ended. */
async function runs(count: number, job: Job): Promise<string[]> {
  const seen: string[] = [];
  for (let n = 0; n < count; n++) seen.push((await ended(await trigger(job))).status);
  return seen;
}

async function circuits() {
  const { rows } = await t.pools.reads.query<{ id: string; endpoint: string; state: string; failures: number }>(
    'select id, endpoint, state, failures from circuits where starts_with(endpoint, $1) or starts_with(endpoint, $2)',
    [endpoint.url, fallback.url],
  );
  return rows;
}

/** Lets the time pass for which a circuit is open. */
async function comeDue(engines: readonly TestEngine[]): Promise<void> {
  const [circuit] = await circuits();
  await t.pools.reads.query('update circuits set retry_at = now() where id = $1', [circuit?.id]);
  for (const { engine } of engines) engine.runs.circuits.invalidate();
  await t.pools.reads.query('update runs set wake_at = now() where hold = $1', [`circuit:${circuit?.id}`]);
}

const isProbe = (id: string) => endpoint.dispatches.at(-1)?.headers['x-run-id'] === id;

async function historyOf(id: string): Promise<string[]> {
  const { rows } = await t.pools.reads.query<{ line: string }>(
    `select concat_ws(' ', from_status || '>' || to_status, message) as line from run_events where run_id = $1 order by seq`,
    [id],
  );
  return rows.map(({ line }) => line);
}

describe('a circuit', () => {
  it('opens after five failures in a row, and puts runs back without spending their attempts', async () => {
    const job = await t.createJob({ endpointUrl: `${endpoint.url}run?key=hidden`, maxAttempts: 1 });
    endpoint.answer(breakOff);

    expect(await runs(5, job)).toEqual(Array.from({ length: 5 }, () => 'dead_letter'));
    expect(await circuits()).toMatchObject([{ endpoint: `${endpoint.url}run`, state: 'open', failures: 5 }]);

    const id = await trigger(job);
    const row = await snoozed(id);
    expect(row).toMatchObject({ status: 'queued', attempt: 1, error: null });
    expect(row.next_retry_at?.getTime()).toBeGreaterThan(Date.now() + OPEN_MS - 60_000);
    expect((await historyOf(id)).at(-1)).toMatch(/^executing>queued circuit open: .*\/run could not be reached/);
    expect(endpoint.dispatches).toHaveLength(5);
    const { rows } = await t.pools.reads.query('select metadata from run_data where run_id = $1', [id]);
    expect(rows).toEqual([{ metadata: { snooze_count: '1' } }]);
  });

  it('leaves other endpoints alone, and does not open for what the code behind one says', async () => {
    const broken = await t.createJob({ endpointUrl: endpoint.url, maxAttempts: 1 });
    const sound = await t.createJob({ endpointUrl: fallback.url, maxAttempts: 1 });
    endpoint.answer(status(503));
    fallback.answer(status(500));

    await runs(5, broken);
    await runs(7, sound);
    expect((await circuits()).map(({ state, ...rest }) => [state, rest.endpoint])).toEqual([['open', endpoint.url]]);

    fallback.answer(complete);
    await snoozed(await trigger(broken));
    expect(await runs(1, sound)).toEqual(['completed']);
  });

  it('does not open when somebody answers in between', async () => {
    const job = await t.createJob({ endpointUrl: endpoint.url, maxAttempts: 1 });
    for (const answer of [breakOff, complete]) {
      endpoint.answer(answer);
      await runs(answer === complete ? 1 : 4, job);
    }
    endpoint.answer(breakOff);

    expect(await runs(4, job)).toEqual(Array.from({ length: 4 }, () => 'dead_letter'));
    expect(await circuits()).toEqual([]);
  });

  it('lets one run of all processes try, and all others go once that is served', async () => {
    const second = await start(t.url);
    try {
      const job = await t.createJob({ endpointUrl: endpoint.url, maxAttempts: 1 });
      endpoint.answer(breakOff);
      // Each process counts for itself.
      while ((await circuits()).length === 0) await runs(1, job);
      // The other one would know within a second.
      second.engine.runs.circuits.invalidate();
      const ids = await Promise.all(Array.from({ length: 12 }, () => trigger(job)));
      await Promise.all(ids.map(snoozed));
      const asked = Promise.withResolvers<ServerResponse>();
      endpoint.answer((_dispatch, res) => asked.resolve(res));
      const before = endpoint.dispatches.length;

      await comeDue([t, second]);
      const probe = await asked.promise;
      const tries = await Promise.all(
        ids.map((id) => t.until(id, ({ epoch, hold }) => epoch > 1 && (hold !== null || isProbe(id)))),
      );
      expect(tries.filter(({ hold }) => hold === null)).toHaveLength(1);
      expect(endpoint.dispatches.length - before).toBe(1);
      expect(await circuits()).toMatchObject([{ state: 'half_open' }]);

      endpoint.answer(complete);
      complete(null, probe);
      const rows = await Promise.all(ids.map(ended));

      expect(rows.map((row) => [row.status, row.attempt])).toEqual(ids.map(() => ['completed', 1]));
      expect(await circuits()).toMatchObject([{ state: 'closed', failures: 0 }]);
    } finally {
      await second.close();
    }
  });

  it('stays open when the run that tries finds nobody', async () => {
    const job = await t.createJob({ endpointUrl: endpoint.url, maxAttempts: 1 });
    endpoint.answer(breakOff);
    await runs(5, job);

    const id = await trigger(job);
    await snoozed(id);
    await comeDue([t]);
    expect((await ended(id)).status).toBe('dead_letter');

    expect(await circuits()).toMatchObject([{ state: 'open', failures: 6 }]);
    expect(endpoint.dispatches).toHaveLength(6);
  });

  it('gives a run up that was put back fifty times', async () => {
    const job = await t.createJob({ endpointUrl: endpoint.url, maxAttempts: 1 });
    endpoint.answer(breakOff);
    await runs(5, job);
    const id = await trigger(job);
    await snoozed(id);

    await t.pools.reads.query(`update run_data set metadata = '{"snooze_count":"50"}' where run_id = $1`, [id]);
    await t.pools.reads.query('update runs set wake_at = now() where id = $1', [id]);

    expect(await ended(id)).toMatchObject({
      status: 'system_failed',
      attempt: 1,
      error: expect.stringMatching(/^circuit open: .* put back 50 times; see that it answers, then replay the run$/),
    });
  });

  it('costs a look at the broken ones per second, and no statement for an endpoint that works', async () => {
    const query = vi.fn(async () => ({ rows: [], rowCount: 0 }));
    let now = 0;
    const circuits = makeCircuits({
      // Of a pool it uses nothing else.
      engine: { query } as unknown as Pool,
      policy: CIRCUIT_POLICY,
      now: () => now,
      onFreed: () => {},
      onError: () => {},
    });
    const target = { projectId: 'default', url: endpoint.url };

    for (let n = 0; n < 100; n++) {
      now = n * 10;
      expect(await circuits.admit(target)).toEqual({ kind: 'admitted', probeOf: null });
      await circuits.report(target, { verdict: 'served', probeOf: null });
    }
    expect(query).toHaveBeenCalledTimes(1);

    now = 1_000;
    await circuits.admit(target);
    expect(query).toHaveBeenCalledTimes(2);
  });

  it('does not keep runs back when the database cannot say how it is', async () => {
    const circuits = makeCircuits({
      engine: { query: () => Promise.reject(new Error('away')) } as unknown as Pool,
      policy: CIRCUIT_POLICY,
      now: () => 0,
      onFreed: () => {},
      onError: () => {},
    });

    expect(await circuits.admit({ projectId: 'default', url: endpoint.url })).toEqual({ kind: 'admitted', probeOf: null });
  });
});

describe('a fallback', () => {
  it.each([
    ['the connection breaks', breakOff],
    ['a 5xx', status(500)],
    ['a 429', status(429)],
  ])('serves the same attempt after %s', async (_, answer) => {
    endpoint.answer(answer);
    const job = await t.createJob({ endpointUrl: endpoint.url, fallbackEndpointUrl: `${fallback.url}spare` });

    const id = await trigger(job);

    expect(await ended(id)).toMatchObject({ status: 'completed', attempt: 1, epoch: 1 });
    expect([endpoint.dispatches.length, fallback.dispatches.length]).toEqual([1, 1]);
    expect(fallback.dispatches[0]?.headers['x-run-token']).toBe(endpoint.dispatches[0]?.headers['x-run-token']);
    expect(await historyOf(id)).toContainEqual(expect.stringMatching(/; sent to the fallback http.*\/spare$/));
  });

  it.each([
    ['401', status(401)],
    ['404', status(404)],
  ])('is not asked after a %s', async (_, answer) => {
    endpoint.answer(answer);
    const job = await t.createJob({ endpointUrl: endpoint.url, fallbackEndpointUrl: fallback.url });

    expect((await ended(await trigger(job))).status).toBe('failed');
    expect(fallback.dispatches).toHaveLength(0);
  });

  it('is not asked once the time of the attempt is over', async () => {
    endpoint.answer(() => undefined);
    const job = await t.createJob({
      endpointUrl: endpoint.url,
      fallbackEndpointUrl: fallback.url,
      timeoutSecs: 1,
      maxAttempts: 1,
    });

    expect((await ended(await trigger(job))).status).toBe('timed_out');
    expect(fallback.dispatches).toHaveLength(0);
  });

  it('that fails too leaves the run to the failure of the endpoint', async () => {
    endpoint.answer(status(503));
    fallback.answer(status(404));
    const job = await t.createJob({ endpointUrl: endpoint.url, fallbackEndpointUrl: fallback.url, maxAttempts: 1 });

    expect(await ended(await trigger(job))).toMatchObject({
      status: 'dead_letter',
      error_class: 'server',
      error: expect.stringMatching(/answered 503 .*; then the fallback failed: .* answered 404/),
    });
  });

  it('takes the runs while the circuit of the endpoint is open', async () => {
    const job = await t.createJob({ endpointUrl: endpoint.url, maxAttempts: 1 });
    endpoint.answer(breakOff);
    await runs(5, job);
    const deps = {
      pool: t.pools.reads,
      endpointPolicy: { allowPrivate: true },
      managedExec: false,
      jobCache: t.engine.runs.jobs,
    };
    await updateJob(t.actor, { job: job.slug, changes: { fallbackEndpointUrl: fallback.url } }, deps);

    const id = await trigger(job);

    expect((await ended(id)).status).toBe('completed');
    expect([endpoint.dispatches.length, fallback.dispatches.length]).toEqual([5, 1]);
    expect(await historyOf(id)).toContainEqual(
      expect.stringMatching(/^circuit open: .* is not tried for now; sent to the fallback /),
    );
  });
});
