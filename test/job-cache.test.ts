import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { createJob } from '../src/domain/jobs/create-job.ts';
import { deleteJob } from '../src/domain/jobs/delete-job.ts';
import { makeJobCache } from '../src/domain/jobs/job-cache.ts';
import type { JobDeps } from '../src/domain/jobs/job-deps.ts';
import { updateJob } from '../src/domain/jobs/update-job.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let database: TestDatabase;
let pools: Pools;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 1, readSize: 4, applicationName: 'job-cache-test' });
});

afterAll(async () => {
  await pools?.close();
  await database?.drop();
});

/** A pool that counts its queries and can hold their answers back, each as it was when Postgres gave it. */
function observed(pool: pg.Pool) {
  const state = {
    queries: 0,
    held: undefined as PromiseWithResolvers<void> | undefined,
    answered: undefined as PromiseWithResolvers<void> | undefined,
  };
  const query = async (...args: Parameters<pg.Pool['query']>): Promise<unknown> => {
    state.queries += 1;
    const { held, answered } = state;
    const answer: unknown = await Reflect.apply(pool.query, pool, args);
    answered?.resolve();
    await held?.promise;
    return answer;
  };
  return {
    // The cache uses nothing of a pool but `query`.
    pool: { query } as unknown as pg.Pool,
    queries: () => state.queries,
    /** Holds back what is asked from now on; resolves `answered` when Postgres has answered the first of it. */
    hold() {
      const held = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      Object.assign(state, { held, answered });
      const release = () => {
        state.held = undefined;
        held.resolve();
      };
      return { answered: answered.promise, release };
    },
  };
}

async function setup(options: { maxEntries?: number } = {}) {
  const projectId = `p-${randomUUID()}`;
  await pools.reads.query('insert into projects (id, name) values ($1, $1)', [projectId]);
  const actor: KeyActor = { kind: 'key', projectId, keyId: 'tester', scopes: new Set(['*']) };
  const spy = observed(pools.reads);
  const clock = { now: 0 };
  const cache = makeJobCache(spy.pool, { now: () => clock.now, ...options });
  /** Writes of this process, and of another one that this cache does not hear of. */
  const deps = { pool: pools.reads, endpointPolicy: { allowPrivate: false }, managedExec: true, jobCache: cache };
  const elsewhere: JobDeps = { ...deps, jobCache: { invalidate() {} } };
  const create = (slug: string, through = elsewhere) =>
    createJob(actor, { slug, name: slug, endpointUrl: 'https://example.com' }, through);
  return { projectId, actor, spy, clock, cache, deps, elsewhere, create };
}

describe('find', () => {
  it('finds by id and by slug, secret included', async () => {
    const { cache, projectId, create } = await setup();
    const job = await create('resize');

    expect(await cache.find(projectId, job.id)).toEqual({ ...job, quotas: null });
    expect(await cache.find(projectId, 'resize')).toEqual({ ...job, quotas: null });
  });

  it('asks once a second and job', async () => {
    const { cache, projectId, create, spy, clock } = await setup();
    await create('resize');

    for (clock.now = 0; clock.now < 1_000; clock.now += 100) await cache.find(projectId, 'resize');
    expect(spy.queries()).toBe(1);
    await cache.find(projectId, 'resize');
    expect(spy.queries()).toBe(2);
  });

  it('sees a change of another process after a second', async () => {
    const { cache, projectId, actor, create, elsewhere, clock } = await setup();
    const job = await create('resize');
    await cache.find(projectId, job.id);
    await updateJob(actor, { job: job.id, changes: { enabled: false } }, elsewhere);

    clock.now = 999;
    expect(await cache.find(projectId, job.id)).toMatchObject({ enabled: true });
    clock.now = 1_000;
    expect(await cache.find(projectId, job.id)).toMatchObject({ enabled: false });
  });

  it('counts the age from before the query', async () => {
    const { cache, projectId, create, spy, clock } = await setup();
    await create('resize');
    const { answered, release } = spy.hold();
    const first = cache.find(projectId, 'resize');
    await answered;
    clock.now = 1_000;
    release();
    await first;

    await cache.find(projectId, 'resize');
    expect(spy.queries()).toBe(2);
  });

  it('shares one query among concurrent misses', async () => {
    const { cache, projectId, create, spy } = await setup();
    await create('resize');

    const jobs = await Promise.all(Array.from({ length: 50 }, () => cache.find(projectId, 'resize')));
    expect(new Set(jobs).size).toBe(1);
    expect(spy.queries()).toBe(1);
  });

  it('remembers no job that it did not find', async () => {
    const { cache, projectId, create } = await setup();
    await expect(cache.find(projectId, 'resize')).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'job not found' });

    await create('resize');
    expect(await cache.find(projectId, 'resize')).toMatchObject({ slug: 'resize' });
  });

  it('remembers no failure', async () => {
    const { cache, projectId, create } = await setup();
    await create('resize');
    const flaky = { fails: 1 };
    const query = (...args: Parameters<pg.Pool['query']>): unknown =>
      flaky.fails-- > 0 ? Promise.reject(new Error('connection lost')) : Reflect.apply(pools.reads.query, pools.reads, args);
    const shaky = makeJobCache({ query } as unknown as pg.Pool); // nothing but `query` is used

    const both = await Promise.allSettled([shaky.find(projectId, 'resize'), shaky.find(projectId, 'resize')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await shaky.find(projectId, 'resize')).toEqual(await cache.find(projectId, 'resize'));
  });

  it.each(['', 'a\0b', 'A', 'x'.repeat(10_000)])('asks nobody for %j', async (name) => {
    const { cache, projectId, spy } = await setup();

    await expect(cache.find(projectId, name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(spy.queries()).toBe(0);
  });

  it('keeps projects apart', async () => {
    const { cache, projectId, create } = await setup();
    const stranger = await setup();
    const job = await create('resize');
    await cache.find(projectId, job.id);
    await cache.find(projectId, 'resize');

    for (const name of [job.id, 'resize'])
      await expect(cache.find(stranger.projectId, name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('forgets the job least recently used when it is full', async () => {
    const { cache, projectId, create, spy } = await setup({ maxEntries: 2 });
    for (const slug of ['a', 'b', 'c']) await create(slug);
    for (const slug of ['a', 'b', 'a', 'c']) await cache.find(projectId, slug);
    expect(spy.queries()).toBe(3);

    await cache.find(projectId, 'a');
    expect(spy.queries()).toBe(3);
    await cache.find(projectId, 'b');
    expect(spy.queries()).toBe(4);
  });
});

describe('invalidate', () => {
  it('shows this process its own changes at once', async () => {
    const { cache, projectId, actor, create, deps } = await setup();
    const job = await create('resize', deps);
    await cache.find(projectId, 'resize');

    await updateJob(actor, { job: job.id, changes: { slug: 'shrink', maxAttempts: 9 } }, deps);
    await expect(cache.find(projectId, 'resize')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await cache.find(projectId, 'shrink')).toMatchObject({ maxAttempts: 9 });
    await deleteJob(actor, job.id, deps);
    for (const name of [job.id, 'shrink']) await expect(cache.find(projectId, name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leaves a query under way to those who waited for it before the change', async () => {
    const { cache, projectId, actor, create, deps, spy } = await setup();
    const job = await create('resize', deps);
    const { answered, release } = spy.hold();
    const before = cache.find(projectId, job.id);
    await answered;

    await updateJob(actor, { job: job.id, changes: { enabled: false } }, deps);
    const after = cache.find(projectId, job.id);
    release();

    expect(await before).toMatchObject({ enabled: true });
    expect(await after).toMatchObject({ enabled: false });
    expect(await cache.find(projectId, job.id)).toMatchObject({ enabled: false });
  });

  it('finds a job created while a search for it was under way', async () => {
    const { cache, projectId, create, deps, spy } = await setup();
    const { answered, release } = spy.hold();
    const before = cache.find(projectId, 'resize').catch((error: unknown) => error);
    await answered;

    await create('resize', deps);
    const after = cache.find(projectId, 'resize');
    release();

    expect(await before).toMatchObject({ code: 'NOT_FOUND' });
    expect(await after).toMatchObject({ slug: 'resize' });
  });

  it('forgets nothing of other projects', async () => {
    const { cache, projectId, create, spy } = await setup();
    await create('resize');
    await cache.find(projectId, 'resize');

    cache.invalidate(`${projectId}-2`);
    await cache.find(projectId, 'resize');
    expect(spy.queries()).toBe(1);
  });
});

describe('ofRun', () => {
  it('finds a deleted job, which find does not', async () => {
    const { cache, projectId, actor, create, deps } = await setup();
    const job = await create('resize', deps);
    await deleteJob(actor, job.id, deps);

    expect(await cache.ofRun(projectId, job.id)).toMatchObject({ id: job.id, deletedAt: expect.any(Date) });
    await expect(cache.find(projectId, job.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([newId(), 'resize'])('answers NOT_FOUND for %j', async (jobId) => {
    const { cache, projectId, create } = await setup();
    await create('resize');

    await expect(cache.ofRun(projectId, jobId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
