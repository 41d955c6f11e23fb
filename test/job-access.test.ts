import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyActor, RunActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { createJob } from '../src/domain/jobs/create-job.ts';
import { deleteJob } from '../src/domain/jobs/delete-job.ts';
import { findJob } from '../src/domain/jobs/find-job.ts';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { readJobSecret, rotateJobSecret } from '../src/domain/jobs/job-secret.ts';
import { listJobVersions } from '../src/domain/jobs/job-versions.ts';
import { updateJob } from '../src/domain/jobs/update-job.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { actorOf, newProject, setupJobs } from './support/jobs.ts';

let database: TestDatabase;
let pools: Pools;
let t: Awaited<ReturnType<typeof setupJobs>>;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 1, readSize: 10, applicationName: 'job-access-test' });
});

afterAll(async () => {
  await pools?.close();
  await database?.drop();
});

beforeEach(async () => {
  t = await setupJobs(pools.reads);
});

describe('tenants and scopes', () => {
  const run: RunActor = { kind: 'run', projectId: 'any', runId: newId(), epoch: 1 };
  const calls = (job: JobRow | { id: string }) => ({
    find: (actor: KeyActor | RunActor) => findJob(actor, job.id, t.deps),
    versions: (actor: KeyActor | RunActor) => listJobVersions(actor, { job: job.id }, t.deps),
    update: (actor: KeyActor | RunActor) => updateJob(actor, { job: job.id, changes: { name: 'Changed' } }, t.deps),
    delete: (actor: KeyActor | RunActor) => deleteJob(actor, job.id, t.deps),
    secret: (actor: KeyActor | RunActor) => readJobSecret(actor, job.id, t.deps),
    rotate: (actor: KeyActor | RunActor) => rotateJobSecret(actor, job.id, t.deps),
  });

  it('hides the jobs of another project behind the answer for unknown ones', async () => {
    const job = await t.create();
    const stranger = await newProject(pools.reads);

    const answers = async (of: JobRow | { id: string }) =>
      Promise.all(Object.values(calls(of)).map((call) => call(stranger).then(String, (error: unknown) => String(error))));
    expect(await answers(job)).toEqual(await answers({ id: newId() }));
    expect(await findJob(t.actor, job.id, t.deps)).toMatchObject({ name: 'Resize', version: 1, updatedAt: job.updatedAt });
  });

  it('asks for jobs:read to read and jobs:write for everything else', async () => {
    const job = await t.create();
    const reader = actorOf(t.actor.projectId, 'jobs:read');
    const writer = actorOf(t.actor.projectId, 'jobs:write');
    const { find, versions, ...writes } = calls(job);

    for (const call of [find, versions])
      await expect(call(writer)).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('jobs:read') });
    for (const call of Object.values(writes))
      await expect(call(reader)).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('jobs:write') });
    await expect(createJob(reader, { slug: 'x', name: 'x', endpointUrl: 'https://example.com' }, t.deps)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await readJobSecret(writer, job.id, t.deps)).toBe(job.signingSecret);
    expect(await find(reader)).toMatchObject({ id: job.id });
  });

  it('gives a run token nothing', async () => {
    const job = await t.create();

    for (const call of Object.values(calls(job)))
      await expect(call({ ...run, projectId: t.actor.projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
