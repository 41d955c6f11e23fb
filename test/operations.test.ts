import type { ServerResponse } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, startTestExecutor, type TestApp, type TestExecutor } from './support/app.ts';
import { findViolations } from './support/invariants.ts';

let executor: TestExecutor;
beforeAll(async () => {
  executor = await startTestExecutor();
});
afterAll(() => executor.close());

const CREATE_JOB = 'mutation ($input: CreateJobInput!) { createJob(input: $input) { id slug } }';
const TRIGGER = 'mutation ($input: TriggerRunInput!) { triggerRun(input: $input) { id status } }';
const RUN = 'query ($id: ID!) { run(id: $id) { status attempt error } }';

async function createJob(t: TestApp, input: object = {}): Promise<string> {
  const slug = `job-${Math.random().toString(36).slice(2)}`;
  await t.graphql(CREATE_JOB, { input: { name: 'A job', slug, endpointUrl: executor.url, ...input } });
  return slug;
}

async function trigger(t: TestApp, job: string): Promise<string> {
  const { triggerRun } = await t.graphql<{ triggerRun: { id: string } }>(TRIGGER, { input: { job, payload: {} } });
  return triggerRun.id;
}

async function untilStatus(
  t: TestApp,
  id: string,
  status: string,
): Promise<{ status: string; attempt: number; error: string | null }> {
  for (;;) {
    const { run } = await t.graphql<{ run: { status: string; attempt: number; error: string | null } }>(RUN, { id });
    if (run.status === status) return run;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a server', () => {
  it('says that it lives, whether it is ready, and what it counts', async () => {
    const t = await startTestApp();
    try {
      const id = await trigger(t, await createJob(t));
      await untilStatus(t, id, 'COMPLETED');

      expect(await t.rest('GET', '/healthz', { key: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(await t.rest('GET', '/readyz', { key: null })).toMatchObject({
        status: 200,
        body: { status: 'ready', reasons: [] },
      });
      const metrics: string = (await t.rest('GET', '/metrics', { key: null })).body;
      for (const line of [
        /^baton_runs\{status="queued"\} 0$/m,
        /^baton_start_latency_seconds_count 1$/m,
        /^baton_dispatches_total\{outcome="completed"\} 1$/m,
        /^baton_loop_age_seconds\{loop="reaper"\} [\d.]+$/m,
        /^baton_pool_connections\{pool="engine",state="open"\} \d+$/m,
      ]) {
        expect(metrics).toMatch(line);
      }
    } finally {
      await t.close();
    }
  });

  it('that is stopped lets running dispatches finish, and hands back what does not', async () => {
    const held: ServerResponse[] = [];
    const arrived = Promise.withResolvers<void>();
    executor.answer((_dispatch, res) => {
      held.push(res);
      if (held.length === 2) arrived.resolve();
    });
    const t = await startTestApp({ drainMs: 1_000 });
    const job = await createJob(t);
    const [quick, slow] = [await trigger(t, job), await trigger(t, job)];
    await arrived.promise;
    const quickRes = held[0] as ServerResponse;

    const stopped = t.app.stop();
    quickRes.writeHead(200, { 'content-type': 'application/json' }).end('"in time"');
    await stopped;
    executor.answer((_dispatch, res) => res.writeHead(200).end());
    const successor = await startTestApp({}, t.databaseUrl);

    try {
      expect(await untilStatus(successor, quick, 'COMPLETED')).toMatchObject({ attempt: 1 });
      expect(await untilStatus(successor, slow, 'COMPLETED')).toMatchObject({ attempt: 1 });
      const client = new pg.Client({ connectionString: t.databaseUrl });
      await client.connect();
      expect(await findViolations(client)).toEqual([]);
      await client.end();
    } finally {
      await successor.close();
      await t.close().catch(() => undefined);
    }
  });

  it('shares its work with a second one on the same database', async () => {
    executor.answer((_dispatch, res) => setTimeout(() => res.writeHead(200).end(), 50));
    const first = await startTestApp({ concurrency: 2 });
    const second = await startTestApp({ concurrency: 2 }, first.databaseUrl);
    try {
      const job = await createJob(first);
      const ids = await Promise.all(Array.from({ length: 40 }, () => trigger(first, job)));
      await Promise.all(ids.map((id) => untilStatus(second, id, 'COMPLETED')));

      const dispatched = await Promise.all([first, second].map(async (t) => (await t.rest('GET', '/metrics')).body as string));
      const counts = dispatched.map((text) => Number(/baton_dispatches_total\{outcome="completed"\} (\d+)/.exec(text)?.[1] ?? 0));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
      expect(Math.min(...counts)).toBeGreaterThan(5);
    } finally {
      await second.close();
      await first.close();
    }
  });

  it('dispatches what another process without a dispatcher took on, at its ring', async () => {
    executor.answer((_dispatch, res) => res.writeHead(200).end());
    const worker = await startTestApp({ role: 'worker', pollMs: 60_000, reaperMs: 60_000 });
    const api = await startTestApp({ role: 'api' }, worker.databaseUrl);
    try {
      const id = await trigger(api, await createJob(api));

      expect(await untilStatus(api, id, 'COMPLETED')).toMatchObject({ attempt: 1 });
      expect((await worker.rest('GET', '/graphql')).status).toBe(404);
    } finally {
      await api.close();
      await worker.close();
    }
  });

  it('stops the dispatch of a run that is canceled through another process', async () => {
    const arrived = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<void>();
    executor.answer((_dispatch, res) => {
      res.on('close', () => cut.resolve());
      arrived.resolve();
    });
    const worker = await startTestApp({});
    const other = await startTestApp({ role: 'api' }, worker.databaseUrl);
    try {
      const id = await trigger(worker, await createJob(worker));
      await arrived.promise;

      await other.graphql('mutation ($id: ID!) { cancelRun(id: $id) { id } }', { id });
      await cut.promise;

      expect(await untilStatus(worker, id, 'CANCELED')).toMatchObject({ error: 'canceled by user' });
    } finally {
      await other.close();
      await worker.close();
    }
  });
});

describe('an endpoint nobody listens on', () => {
  it('is retried and then dead-lettered, in words', async () => {
    const gone = await startTestExecutor();
    await gone.close();
    const t = await startTestApp();
    try {
      const id = await trigger(t, await createJob(t, { endpointUrl: gone.url, maxAttempts: 1 }));

      expect((await untilStatus(t, id, 'DEAD_LETTER')).error).toMatch(/refused|connect/i);
    } finally {
      await t.close();
    }
  });
});
