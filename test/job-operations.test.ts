import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import type { RunStatus } from '../src/core/run-state.ts';
import { forgetCircuits } from '../src/domain/circuits/circuit-upkeep.ts';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { makeJobHealths } from '../src/domain/jobs/job-health.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const HEALTH = 'total completed failed successRate p50DurationMs p95DurationMs throughputPerHour isPartial';

/** Stores runs that have ended, as long ago and after as many milliseconds as said. */
async function storeEnded(
  job: JobRow,
  status: RunStatus,
  ended: { readonly agoSecs: number; readonly tookMs: number; readonly count?: number },
) {
  const { agoSecs, tookMs, count = 1 } = ended;
  await t.pools.reads.query(
    `insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, started_at, finished_at)
     select gen_random_uuid(), $1, $2, $3, 300, 1, $4, 'manual', 'test', e.at - $6 * interval '1 millisecond', e.at
       from generate_series(1, $7::int), lateral (select now() - $5 * interval '1 second' as at) e`,
    [job.projectId, job.id, status, job.versionId, agoSecs, tookMs, count],
  );
}

const healthOf = async (job: JobRow, window: string) =>
  (await t.get(`{ job(id: "${job.id}") { health(window: ${window}) { ${HEALTH} } } }`)).job.health;

describe('the health of a job', () => {
  it('counts what ended within the window', async () => {
    const job = await t.createJob();
    await storeEnded(job, 'completed', { agoSecs: 60, tookMs: 100, count: 18 });
    await storeEnded(job, 'dead_letter', { agoSecs: 60, tookMs: 2_000 });
    await storeEnded(job, 'failed', { agoSecs: 60, tookMs: 2_000 });
    await storeEnded(job, 'canceled', { agoSecs: 60, tookMs: 100 });
    await storeEnded(job, 'failed', { agoSecs: 7_200, tookMs: 100, count: 5 });

    expect(await healthOf(job, 'HOUR')).toEqual({
      total: 21,
      completed: 18,
      failed: 2,
      successRate: 0.9,
      p50DurationMs: 100,
      p95DurationMs: 2_000,
      throughputPerHour: 21,
      isPartial: false,
    });
    expect(await healthOf(job, 'DAY')).toMatchObject({ total: 26, failed: 7, throughputPerHour: expect.closeTo(26 / 24, 9) });
  });

  it('has no rate and no durations where nothing ended', async () => {
    expect(await healthOf(await t.createJob(), 'WEEK')).toMatchObject({
      total: 0,
      successRate: null,
      p50DurationMs: null,
      p95DurationMs: null,
      throughputPerHour: 0,
    });
  });

  it('looks at the newest 10,000 runs, by their index, and remembers for some seconds what it saw', async () => {
    const job = await t.createJob();
    await storeEnded(job, 'failed', { agoSecs: 3_000, tookMs: 1, count: 5_000 });
    await storeEnded(job, 'completed', { agoSecs: 1_800, tookMs: 1, count: 10_000 });
    await t.pools.reads.query('analyze runs');
    let now = 0;
    const healths = makeJobHealths({ pool: t.pools.reads, now: () => now });

    const first = await healths.of(t.admin, job.id, '1h');
    expect(first).toMatchObject({ total: 10_000, completed: 10_000, successRate: 1, isPartial: true });
    expect(Math.round(first.throughputPerHour / 1_000)).toBe(20);

    await storeEnded(job, 'failed', { agoSecs: 1, tookMs: 1, count: 10 });
    now = 4_999;
    expect(await healths.of(t.admin, job.id, '1h')).toBe(first);
    now = 5_000;
    expect(await healths.of(t.admin, job.id, '1h')).toMatchObject({ total: 10_000, failed: 10 });
    expect(await healths.of(keyOf('other', '*'), job.id, '1h')).toMatchObject({ total: 0 });
  });
});

describe('a copy of a job', () => {
  it('says the same, under its own name and secret', async () => {
    const definition =
      'description executionMode endpointUrl fallbackEndpointUrl maxAttempts timeoutSecs retryDelaysSecs retryStrategy tags enabled';
    const job = await t.createJob({
      description: 'What it does',
      fallbackEndpointUrl: 'http://127.0.0.1:9/spare',
      maxAttempts: 7,
      retryStrategy: 'custom',
      retryDelaysSecs: [1, 2],
      tags: { team: 'billing' },
      enabled: false,
    });
    const { cloneJob } = await t.get(
      `mutation { cloneJob(id: "${job.slug}", input: { slug: "copy" }) { id slug name version signingSecret ${definition} } }`,
    );
    const { job: original } = await t.get(`{ job(id: "${job.id}") { ${definition} } }`);
    const { id, slug, name, version, signingSecret, ...said } = cloneJob;

    expect([slug, name, version]).toEqual(['copy', job.name, 1]);
    expect(said).toEqual(original);
    expect(id).not.toBe(job.id);
    expect(signingSecret).not.toBe(job.signingSecret);
    const again = await t.ask(`mutation { cloneJob(id: "${job.slug}", input: { slug: "copy", name: "Copy" }) { id } }`);
    expect(again.errors).toMatchObject([{ message: 'a job with slug "copy" already exists' }]);
  });
});

describe('switching jobs', () => {
  const SWITCH = 'mutation ($input: SetJobsEnabledInput!) { setJobsEnabled(input: $input) { id enabled version } }';

  it('changes all of them at once, named by id or slug, in the order asked for', async () => {
    const jobs = [await t.createJob(), await t.createJob(), await t.createJob()];
    const [a, b, c] = jobs as [JobRow, JobRow, JobRow];
    const ids = [c.slug, a.id, b.slug, a.slug];

    expect(await t.get(SWITCH, { variables: { input: { ids, enabled: false } } })).toEqual({
      setJobsEnabled: [c, a, b].map(({ id }) => ({ id, enabled: false, version: 1 })),
    });
    expect((await t.ask(`mutation { triggerRun(input: { job: "${a.id}" }) { id } }`)).errors).toMatchObject([
      { message: expect.stringContaining('disabled') },
    ]);
    await t.get(SWITCH, { variables: { input: { ids, enabled: true } } });
    await t.get(`mutation { triggerRun(input: { job: "${a.id}" }) { id } }`);
  });

  it('changes none when one is not there, or another project’s', async () => {
    const job = await t.createJob();
    const foreign = await t.createJob({}, keyOf('other', '*'));

    for (const stranger of [newId(), 'no-such-job', foreign.id]) {
      const { errors } = await t.ask(SWITCH, { variables: { input: { ids: [job.id, stranger], enabled: false } } });
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    }
    expect(await t.get(`{ job(id: "${job.id}") { enabled } }`)).toEqual({ job: { enabled: true } });
  });
});

describe('a circuit that has not changed for a week', () => {
  it('is forgotten, whatever its state', async () => {
    const store = (state: string, days: number) =>
      t.pools.reads.query(
        `insert into circuits (id, project_id, endpoint, state, failures, opened_at, retry_at, updated_at)
         values (gen_random_uuid(), 'other', $1 || $2::int, $1, 5, now(), case when $1 <> 'closed' then now() end, now() - $2 * interval '1 day')`,
        [state, days],
      );
    for (const [state, days] of [
      ['open', 6],
      ['open', 8],
      ['closed', 6],
      ['closed', 8],
    ] as const)
      await store(state, days);

    expect(await forgetCircuits(10, { engine: t.pools.engine })).toBe(2);

    const { rows } = await t.pools.reads.query(`select endpoint from circuits where project_id = 'other' order by endpoint`);
    expect(rows.map(({ endpoint }) => endpoint)).toEqual(['closed6', 'open6']);
  });
});

describe('resetting a circuit', () => {
  it('closes it and lets the runs that wait for it go', async () => {
    const job = await t.createJob();
    const runId = await t.trigger({ job: job.id });
    const id = newId();
    await t.pools.reads.query(
      `insert into circuits (id, project_id, endpoint, state, failures, opened_at, retry_at)
       values ($1, 'default', 'http://down/', 'open', 5, now(), now() + interval '1 minute')`,
      [id],
    );
    await t.pools.reads.query(`update runs set hold = $2, wake_at = now() + interval '1 hour' where id = $1`, [
      runId,
      `circuit:${id}`,
    ]);
    const FIELDS = 'endpoint state failures retryAt';
    const list = (state: string) => t.get(`{ circuitBreakers(filter: { state: [${state}] }) { edges { node { ${FIELDS} } } } }`);
    expect((await list('OPEN')).circuitBreakers.edges).toMatchObject([{ node: { state: 'OPEN', failures: 5 } }]);

    const { resetCircuitBreaker } = await t.get(`mutation { resetCircuitBreaker(id: "${id}") { ${FIELDS} } }`);

    expect(resetCircuitBreaker).toEqual({ endpoint: 'http://down/', state: 'CLOSED', failures: 0, retryAt: null });
    expect((await list('OPEN')).circuitBreakers.edges).toEqual([]);
    expect((await t.claim()).map((claimed) => claimed.runId)).toContain(runId);
  });
});
