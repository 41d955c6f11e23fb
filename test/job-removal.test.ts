import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FINAL_STATUSES, RUN_STATUSES, type RunStatus } from '../src/core/run-state.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { deleteJob } from '../src/domain/jobs/delete-job.ts';
import { findJob } from '../src/domain/jobs/find-job.ts';
import { readJobSecret, rotateJobSecret } from '../src/domain/jobs/job-secret.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { setupJobs } from './support/jobs.ts';

let database: TestDatabase;
let pools: Pools;
let t: Awaited<ReturnType<typeof setupJobs>>;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 1, readSize: 10, applicationName: 'job-removal-test' });
});

afterAll(async () => {
  await pools?.close();
  await database?.drop();
});

beforeEach(async () => {
  t = await setupJobs(pools.reads);
});

describe('deleteJob', () => {
  it('leaves a tombstone and frees the slug', async () => {
    const job = await t.create();

    const deleted = await deleteJob(t.actor, 'resize', t.deps);

    expect(deleted).toMatchObject({ id: job.id, deletedAt: expect.any(Date) });
    for (const gone of [job.id, 'resize'])
      await expect(findJob(t.actor, gone, t.deps)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(deleteJob(t.actor, job.id, t.deps)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(t.update(job.id, { name: 'New' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await t.create()).id).not.toBe(job.id);
    expect(await t.stored()).toEqual({ jobs: 2, versions: 2 });
  });

  it('deletes a job whose runs are all final', async () => {
    const job = await t.create();
    for (const status of FINAL_STATUSES) await t.insertRun(job, status);

    await expect(deleteJob(t.actor, job.id, t.deps)).resolves.toMatchObject({ id: job.id });
  });

  it.each(RUN_STATUSES.filter((status) => !(FINAL_STATUSES as readonly RunStatus[]).includes(status)))(
    'refuses while a run is %s',
    async (status) => {
      const job = await t.create();
      await t.insertRun(job, 'completed');
      await t.insertRun(job, status);

      await expect(deleteJob(t.actor, job.id, t.deps)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: 'job has active runs — cancel them first or wait for completion',
      });
      expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ id: job.id });
    },
  );

  it("minds its own runs and no other job's", async () => {
    const job = await t.create();
    await t.insertRun(await t.create({ slug: 'busy' }), 'executing');

    await expect(deleteJob(t.actor, job.id, t.deps)).resolves.toMatchObject({ id: job.id });
  });
});

describe('rotateJobSecret', () => {
  it('replaces the secret and makes no version', async () => {
    const job = await t.create();

    const rotated = await rotateJobSecret(t.actor, job.id, t.deps);

    expect(rotated).toEqual({ ...job, signingSecret: rotated.signingSecret, updatedAt: rotated.updatedAt });
    expect(rotated.signingSecret).toMatch(/^whsec_/);
    expect(rotated.signingSecret).not.toBe(job.signingSecret);
    expect(await readJobSecret(t.actor, job.slug, t.deps)).toBe(rotated.signingSecret);
    expect(await t.stored()).toEqual({ jobs: 1, versions: 1 });
  });

  it('keeps the secret out of the history', async () => {
    const job = await t.create();

    const { rows } = await pools.reads.query<{ definition: string }>(
      'select definition::text from job_versions where job_id = $1',
      [job.id],
    );
    expect(rows[0]?.definition).not.toContain(job.signingSecret);
  });
});

it('tells the cache of every change, once it is stored', async () => {
  const job = await t.create();
  await t.update(job.id, { name: 'New' });
  await rotateJobSecret(t.actor, job.id, t.deps);
  await deleteJob(t.actor, job.id, t.deps);

  expect(t.invalidate.mock.calls).toEqual(Array.from({ length: 4 }, () => [t.actor.projectId]));
});
