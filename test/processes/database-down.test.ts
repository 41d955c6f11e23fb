import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded.ts';
import { startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { crashPostgres, startPostgres } from '../support/restart-postgres.ts';

/** What the task allows between the return of the database and service as before. */
const BACK_WITHIN_MS = 10_000;

let dataDir: string;
let postgres: EmbeddedPostgres;
let executor: TestExecutor;
let t: TestApp;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'baton-down-'));
  // As root, Postgres runs as another user, who must be able to enter.
  await chmod(dataDir, 0o711);
  postgres = await startEmbedded({ dataDir, flags: { fsync: 'off' } });
  executor = await startTestExecutor();
  t = await startTestApp({}, postgres.url);
}, 60_000);

afterAll(async () => {
  await t.close();
  await executor.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

const viewer = () => t.rest('POST', '/graphql', { body: { query: '{ viewer { projectId } runs { edges { node { id } } } }' } });
const trigger = () => t.rest('POST', '/v1/jobs/hello/trigger', { body: { payload: {} } });

it('answers 503 while its database is down, stores what an executor finishes meanwhile, and serves as before when it is back', {
  timeout: 60_000,
}, async () => {
  const arrived = Promise.withResolvers<() => void>();
  executor.answer((_dispatch, res) =>
    arrived.resolve(() => res.writeHead(200, { 'content-type': 'application/json' }).end('"kept"')),
  );
  await t.rest('POST', '/v1/jobs', { body: { project_id: 'default', name: 'Hello', slug: 'hello', endpoint_url: executor.url } });
  const run = await trigger();
  const finish = await arrived.promise;

  await crashPostgres(dataDir);
  finish();
  // The key was looked up less than a second ago; afterwards not even the caller can be known.
  await delay(1_100);
  const [byRest, byGraphQL, ready, alive] = [
    await trigger(),
    await viewer(),
    await t.rest('GET', '/readyz', { key: null }),
    await t.rest('GET', '/healthz', { key: null }),
  ];

  expect(byRest).toMatchObject({ status: 503, body: { error: expect.any(String), request_id: expect.any(String) } });
  expect(byRest.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(byGraphQL).toMatchObject({ status: 503, body: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } });
  expect(byGraphQL.headers.get('retry-after')).toMatch(/^\d+$/);
  expect([ready.status, alive.status]).toEqual([503, 200]);

  executor.answer((_dispatch, res) => res.writeHead(200).end());
  await startPostgres(dataDir);
  const backAt = performance.now();
  while ((await t.rest('GET', '/readyz', { key: null })).status !== 200) await delay(20);
  expect((await trigger()).status).toBe(201);
  expect(performance.now() - backAt).toBeLessThan(BACK_WITHIN_MS);

  for (;;) {
    const { body } = await t.rest('GET', `/v1/runs/${run.body.id}`);
    if (body.status === 'completed') {
      expect(body).toMatchObject({ attempt: 1, result: 'kept' });
      return;
    }
    await delay(50);
  }
});

it('waits when it is started before its database', { timeout: 60_000 }, async () => {
  await crashPostgres(dataDir);
  const starting = startTestApp({}, postgres.url);
  // A server that gave up would have rejected by now: a refused connection is told at once.
  expect(await Promise.race([starting.then(() => 'serves'), delay(1_000, 'waits')])).toBe('waits');

  await startPostgres(dataDir);
  const second = await starting;
  expect((await second.rest('GET', '/readyz', { key: null })).status).toBe(200);
  await second.close();
});
