import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { findJob } from '../src/domain/jobs/find-job.ts';
import { listJobVersions } from '../src/domain/jobs/job-versions.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { definitionOf, setupJobs } from './support/jobs.ts';

let database: TestDatabase;
let pools: Pools;
let t: Awaited<ReturnType<typeof setupJobs>>;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 1, readSize: 10, applicationName: 'job-changes-test' });
});

afterAll(async () => {
  await pools?.close();
  await database?.drop();
});

beforeEach(async () => {
  t = await setupJobs(pools.reads);
});

describe('updateJob', () => {
  it('changes what it is told and nothing else, as the next version', async () => {
    const job = await t.create({ maxConcurrency: 5, tags: { a: '1', b: '2' }, payloadSchema: { type: 'object' } });

    const updated = await t.update(job.slug, {
      tags: { a: '1' },
      maxConcurrency: null,
      payloadSchema: null,
      retryDelaysSecs: [9],
    });

    const { version, versionId, updatedAt } = updated;
    expect(updated).toEqual({
      ...job,
      tags: { a: '1' },
      maxConcurrency: null,
      payloadSchema: null,
      retryDelaysSecs: [9],
      version,
      versionId,
      updatedAt,
    });
    expect(version).toBe(2);
    expect(versionId).not.toBe(job.versionId);
    expect(updatedAt.getTime()).toBeGreaterThanOrEqual(job.updatedAt.getTime());
    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ version: 2, versionId, tags: { a: '1' } });
  });

  it('keeps the whole history', async () => {
    const job = await t.create();
    await t.update(job.id, { slug: 'shrink' });
    const last = await t.update(job.id, { maxAttempts: 9, enabled: false });

    const versions = await listJobVersions(t.actor, { job: job.id }, t.deps);
    expect(versions.map(({ version, definition }) => [version, definition.slug, definition.maxAttempts])).toEqual([
      [3, 'shrink', 9],
      [2, 'shrink', 3],
      [1, 'resize', 3],
    ]);
    expect(versions[0]).toMatchObject({ versionId: last.versionId, definition: definitionOf(last) });
    expect(await listJobVersions(t.actor, { job: job.id, before: 3, limit: 1 }, t.deps)).toEqual([versions[1]]);
  });

  it.each([
    ['enabled', { enabled: false }],
    ['a secret', { webhookSecret: 'a secret for webhooks' }],
    ['what it says already', { name: 'Resize', maxAttempts: 3, tags: {}, maxConcurrency: null, retryDelaysSecs: [] }],
  ])('makes no version of %s', async (_, changes) => {
    const job = await t.create();

    const updated = await t.update(job.id, changes);

    expect(updated).toEqual({ ...job, ...changes, updatedAt: updated.updatedAt });
    expect(await t.stored()).toEqual({ jobs: 1, versions: 1 });
  });

  it('has a version for each definition field', async () => {
    const job = await t.create();
    const changes = {
      slug: 'other',
      name: 'Other',
      description: 'Other',
      endpointUrl: 'https://example.com/other',
      maxAttempts: 4,
      timeoutSecs: 4,
      heartbeatTimeoutSecs: 4,
      retryInitialDelaySecs: 4,
      retryMaxDelaySecs: 4,
      retryDelaysSecs: [4],
      retryStrategy: 'custom',
      retryPriorityBoost: 4,
      poisonPillThreshold: 4,
      maxConcurrency: 4,
      maxConcurrencyPerKey: 4,
      runTtlSecs: 4,
      payloadSchema: { const: 4 },
      resultSchema: { const: 4 },
      tags: { four: '4' },
      defaultRunMetadata: { four: '4' },
      webhookUrl: 'https://example.com/told',
    };

    let version = 1;
    for (const [field, value] of Object.entries(changes)) {
      const updated = await t.update(job.id, { [field]: value });
      version += 1;
      expect(updated).toMatchObject({ version, [field]: value });
    }
    expect(await t.stored()).toEqual({ jobs: 1, versions: version });
  });

  it('refuses a change to another version than was read', async () => {
    const job = await t.create();
    await t.update(job.id, { name: 'Second', expectedVersion: 1 });

    await expect(t.update(job.id, { name: 'Third', expectedVersion: 1 })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'the job is at version 2, not 1: read it again and repeat the change',
    });
    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ name: 'Second', version: 2 });
  });

  it('lets one of many racing changes of one version through', async () => {
    const job = await t.create();

    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => t.update(job.id, { name: `Name ${i}`, expectedVersion: 1 })),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await t.stored()).toEqual({ jobs: 1, versions: 2 });
  });

  it('adds racing changes up, each in a version of its own', async () => {
    const job = await t.create();
    const changes = [
      { maxAttempts: 9 },
      { timeoutSecs: 9 },
      { name: 'Nine' },
      { runTtlSecs: 9 },
      { retryPriorityBoost: 9 },
      { description: 'nine' },
      { maxConcurrency: 9 },
      { tags: { n: '9' } },
    ];

    const updated = await Promise.all(changes.map((change) => t.update(job.id, change)));

    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ ...Object.assign({}, ...changes), version: 9 });
    expect(updated.map(({ version }) => version).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const versions = await listJobVersions(t.actor, { job: job.id }, t.deps);
    for (const answer of updated) {
      expect(versions.find(({ version }) => version === answer.version)).toMatchObject({
        versionId: answer.versionId,
        definition: definitionOf(answer),
      });
    }
  });

  it('refuses a slug that is taken and changes nothing', async () => {
    const job = await t.create();
    await t.create({ slug: 'taken' });

    await expect(t.update(job.id, { slug: 'taken', name: 'New' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'a job with slug "taken" already exists',
    });
    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ name: 'Resize', version: 1 });
  });

  it.each([
    ['endpoint_url', { endpointUrl: 'http://10.0.0.1/' }],
    ['payload_schema', { payloadSchema: { type: 1 } }],
    ['result_schema', { resultSchema: { pattern: '(' } }],
  ])('refuses an unsound %s and changes nothing', async (path, changes) => {
    const job = await t.create();

    await expect(t.update(job.id, { name: 'New', ...changes })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      details: [{ path }],
    });
    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ name: 'Resize', version: 1 });
  });

  it('never leaves the strategy custom without delays', async () => {
    const job = await t.create();
    const refusal = { code: 'BAD_REQUEST', details: [{ path: 'retry_delays_secs' }] };

    await expect(t.update(job.id, { retryStrategy: 'custom' })).rejects.toMatchObject(refusal);
    await t.update(job.id, { retryStrategy: 'custom', retryDelaysSecs: [5] });
    await expect(t.update(job.id, { retryDelaysSecs: [] })).rejects.toMatchObject(refusal);
    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ retryStrategy: 'custom', retryDelaysSecs: [5], version: 2 });
  });

  it.each(['nothing', newId(), 'a\0b'])('answers NOT_FOUND for %j', async (job) => {
    await expect(t.update(job, { name: 'New' })).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'job not found' });
  });
});
