import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isUuid, newId } from '../src/core/ids.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { createJob } from '../src/domain/jobs/create-job.ts';
import { findJob } from '../src/domain/jobs/find-job.ts';
import { CreateJobInput } from '../src/domain/jobs/job-input.ts';
import { listJobVersions } from '../src/domain/jobs/job-versions.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { definitionOf, newProject, setupJobs } from './support/jobs.ts';

let database: TestDatabase;
let pools: Pools;
let t: Awaited<ReturnType<typeof setupJobs>>;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 1, readSize: 10, applicationName: 'jobs-test' });
});

afterAll(async () => {
  await pools?.close();
  await database?.drop();
});

beforeEach(async () => {
  t = await setupJobs(pools.reads);
});

describe('createJob', () => {
  it('stores what was said and the defaults of the table for the rest', async () => {
    const job = await t.create();
    const { rows } = await pools.reads.query<{ record: Record<string, unknown> }>(
      `with bare as (
         insert into jobs (id, project_id, slug, name, endpoint_url, signing_secret, version_id, created_by)
         values ($1, $2, 'bare', 'Resize', 'https://example.com/run', 's', 'v', 'c') returning *)
       select to_jsonb(bare) as record from bare`,
      [newId(), t.actor.projectId],
    );

    const { rows: own } = await pools.reads.query<{ record: Record<string, unknown> }>(
      'select to_jsonb(j) as record from jobs j where id = $1',
      [job.id],
    );
    const differing = Object.entries(rows[0]?.record ?? {}).filter(
      ([column, value]) => JSON.stringify(value) !== JSON.stringify(own[0]?.record[column]),
    );
    expect(differing.map(([column]) => column).sort()).toEqual([
      'created_at',
      'created_by',
      'id',
      'signing_secret',
      'slug',
      'updated_at',
      'version_id',
    ]);
  });

  it('answers the whole row', async () => {
    const job = await t.create({
      tags: { team: 'images' },
      payloadSchema: { type: 'object' },
      retryStrategy: 'custom',
      retryDelaysSecs: [1, 5],
      maxConcurrency: 3,
    });

    expect(isUuid(job.id)).toBe(true);
    expect(job).toMatchObject({
      projectId: t.actor.projectId,
      slug: 'resize',
      enabled: true,
      executionMode: 'http',
      maxAttempts: 3,
      retryDelaysSecs: [1, 5],
      maxConcurrency: 3,
      maxConcurrencyPerKey: null,
      payloadSchema: { type: 'object' },
      resultSchema: null,
      tags: { team: 'images' },
      version: 1,
      createdBy: 'key:tester',
      deletedAt: null,
    });
    expect(job.versionId).toMatch(/^ver_[0-9a-z]{12}$/);
    expect(job.createdAt).toBeInstanceOf(Date);
    expect(Buffer.from(job.signingSecret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
  });

  it('stores every limit', async () => {
    const job = await t.create({
      slug: 's'.repeat(128),
      name: 'n'.repeat(255),
      maxAttempts: 100,
      timeoutSecs: 86_400,
      heartbeatTimeoutSecs: 86_400,
      retryInitialDelaySecs: 3_600,
      retryMaxDelaySecs: 3_600,
      retryPriorityBoost: 10,
      poisonPillThreshold: 2_147_483_647,
      maxConcurrency: 2_147_483_647,
      maxConcurrencyPerKey: 2_147_483_647,
      runTtlSecs: 2_147_483_647,
    });
    const least = await t.create({
      slug: 'a',
      name: 'n',
      maxAttempts: 1,
      timeoutSecs: 1,
      heartbeatTimeoutSecs: 1,
      retryInitialDelaySecs: 0,
      retryMaxDelaySecs: 1,
      retryPriorityBoost: 0,
      poisonPillThreshold: 2,
      maxConcurrency: 1,
      maxConcurrencyPerKey: 1,
      runTtlSecs: 1,
    });

    expect([job.version, least.version]).toEqual([1, 1]);
  });

  it('records the first version', async () => {
    const job = await t.create({ maxAttempts: 7 });

    const versions = await listJobVersions(t.actor, { job: job.id }, t.deps);
    expect(versions).toEqual([
      {
        backwardsCompatible: false,
        jobId: job.id,
        version: 1,
        versionId: job.versionId,
        definition: definitionOf(job),
        createdBy: 'key:tester',
        createdAt: job.createdAt,
      },
    ]);
  });

  it('takes null for a default', async () => {
    const job = await t.create({ maxAttempts: null, tags: null, enabled: null });

    expect(job).toMatchObject({ maxAttempts: 3, tags: {}, enabled: true });
  });

  it('refuses a slug that is taken', async () => {
    await t.create();

    await expect(t.create({ name: 'Other' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'a job with slug "resize" already exists',
    });
    expect(await t.stored()).toEqual({ jobs: 1, versions: 1 });
  });

  it('lets one of many racing creations have the slug', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => t.create()));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'CONFLICT' });
    expect(await t.stored()).toEqual({ jobs: 1, versions: 1 });
  });

  it('gives two projects the same slug', async () => {
    const other = await setupJobs(pools.reads);

    const [mine, theirs] = await Promise.all([t.create(), other.create()]);
    expect(mine.projectId).not.toBe(theirs.projectId);
  });

  it.each([
    ['endpoint_url', { endpointUrl: 'http://127.0.0.1/run' }],
    ['endpoint_url', { endpointUrl: 'ftp://example.com' }],
    ['payload_schema', { payloadSchema: { type: 'strin' } }],
    ['result_schema', { resultSchema: { $ref: 'https://example.com/schema' } }],
  ])('refuses an unsound %s and stores nothing', async (path, input) => {
    await expect(t.create(input)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(`^${path}: .`),
      details: [{ path, message: expect.any(String) }],
    });
    expect(await t.stored()).toEqual({ jobs: 0, versions: 0 });
    expect(t.invalidate).not.toHaveBeenCalled();
  });

  it('takes a private endpoint where the operator allows it', async () => {
    const input = CreateJobInput.parse({ slug: 'local', name: 'Local', endpointUrl: 'http://127.0.0.1:4999/run' });

    const job = await createJob(t.actor, input, { ...t.deps, endpointPolicy: { allowPrivate: true } });
    expect(job.endpointUrl).toBe('http://127.0.0.1:4999/run');
  });

  it('creates in no other project', async () => {
    const other = await newProject(pools.reads);

    await expect(t.create({ projectId: other.projectId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'project not found',
    });
    expect((await t.create({ projectId: t.actor.projectId })).projectId).toBe(t.actor.projectId);
  });
});

describe('findJob', () => {
  it('finds by id and by slug, and shows no secret', async () => {
    const { signingSecret: _, webhookSecret: _hidden, ...visible } = await t.create();

    expect(await findJob(t.actor, visible.id, t.deps)).toEqual(visible);
    expect(await findJob(t.actor, visible.id.toUpperCase(), t.deps)).toEqual(visible);
    expect(await findJob(t.actor, 'resize', t.deps)).toEqual(visible);
  });

  it.each(['nothing', newId(), '', 'a\0b', "' or true --", 'x'.repeat(10_000)])('answers NOT_FOUND for %j', async (name) => {
    await t.create();

    await expect(findJob(t.actor, name, t.deps)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'job not found' });
  });
});
