import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VersionPolicy } from '../src/domain/jobs/job.ts';
import type { UpdateJobInput } from '../src/domain/jobs/job-input.ts';
import { updateJob } from '../src/domain/jobs/update-job.ts';
import { completeRun } from '../src/domain/runs/complete.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine();
});
afterAll(() => t.close());

const change = (job: string, changes: UpdateJobInput) =>
  updateJob(
    t.actor,
    { job, changes },
    { pool: t.pools.reads, endpointPolicy: { allowPrivate: true }, managedExec: true, jobCache: t.engine.runs.jobs },
  );

const END = (version: number) => `http://127.0.0.1:9/v${version}`;

/** Triggers a run under version 1, makes versions 2 and 3 before it starts, and answers where it was sent, under which version. */
async function runAcross(policy: VersionPolicy, compatible: readonly boolean[]) {
  t.answer(() => ({ kind: 'completed', result: null, trace: NO_TRACE }));
  const job = await t.createJob({ versionPolicy: policy, endpointUrl: END(1), timeoutSecs: 100 });
  const { id } = await triggerRun(t.actor, { job: job.id, scheduledAt: new Date(Date.now() + 3_600_000) }, t.engine.runs);
  for (const [index, backwardsCompatible] of compatible.entries()) {
    await change(job.id, { endpointUrl: END(index + 2), timeoutSecs: 100 + index + 1, backwardsCompatible });
  }
  await t.pools.reads.query('update runs set wake_at = now() where id = $1', [id]);
  await t.until(id, ({ status }) => status === 'completed');
  const { rows } = await t.pools.reads.query<{ version: number; timeout: number; id_matches: boolean }>(
    `select r.job_version as version, r.timeout_secs as timeout, r.job_version_id = v.version_id as id_matches
       from runs r join job_versions v on v.job_id = r.job_id and v.version = r.job_version where r.id = $1`,
    [id],
  );
  const attempt = t.attempts.find(({ runId }) => runId === id);
  return { sentTo: attempt?.endpointUrl, timeoutMs: attempt?.timeoutMs, ...rows[0] };
}

const at = (version: number) => ({
  sentTo: END(version),
  timeoutMs: (99 + version) * 1_000,
  version,
  timeout: 99 + version,
  id_matches: true,
});

describe('a run', () => {
  it('keeps to the version it was triggered under when its job pins it, which jobs do', async () => {
    expect((await t.createJob()).versionPolicy).toBe('pin');
    expect(await runAcross('pin', [true, true])).toEqual(at(1));
  });

  it('executes the newest version when its job says so', async () => {
    expect(await runAcross('latest', [false, false])).toEqual(at(3));
  });

  it('goes on as far as versions are compatible when its job says so', async () => {
    expect(await runAcross('minor', [true, true])).toEqual(at(3));
    expect(await runAcross('minor', [true, false])).toEqual(at(2));
    expect(await runAcross('minor', [false, true])).toEqual(at(1));
  });

  it('is judged by the version it executes, not by what its job says meanwhile', async () => {
    t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
    const job = await t.createJob({ resultSchema: { type: 'object' } });
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const { epoch } = await t.until(id, ({ status }) => status === 'executing');
    const actor = { kind: 'run', projectId: 'default', runId: id, epoch } as const;
    await change(job.id, { resultSchema: { type: 'string' } });

    await expect(completeRun(actor, 'no object', t.engine.runs)).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
    await completeRun(actor, {}, t.engine.runs);
  });

  it('is retried by the version that its retry executes', async () => {
    t.answer(() => ({ kind: 'failed', errorClass: 'server', message: 'answered 500', trace: NO_TRACE }));
    const job = await t.createJob({ versionPolicy: 'latest', maxAttempts: 5, retryStrategy: 'fixed', retryInitialDelaySecs: 1 });
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    await t.until(id, ({ attempt }) => attempt === 2);
    await change(job.id, { maxAttempts: 2 });

    expect(await t.until(id, ({ status }) => status === 'dead_letter')).toMatchObject({ attempt: 2 });
  });

  it('keeps the deadline its trigger asked for, and is given that of the version it executes otherwise', async () => {
    t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
    const job = await t.createJob({ versionPolicy: 'latest', timeoutSecs: 100 });
    const later = new Date(Date.now() + 3_600_000);
    const plain = await triggerRun(t.actor, { job: job.id, scheduledAt: later }, t.engine.runs);
    const own = await triggerRun(t.actor, { job: job.id, scheduledAt: later, timeoutSecs: 50 }, t.engine.runs);
    await change(job.id, { timeoutSecs: 200 });
    await t.pools.reads.query(`update runs set wake_at = now() where id = any ($1)`, [[plain.id, own.id]]);
    for (const { id } of [plain, own]) await t.until(id, ({ status }) => status === 'executing');
    await t.until(own.id, () => t.attempts.filter(({ runId }) => [plain.id, own.id].includes(runId)).length === 2);

    const { rows } = await t.pools.reads.query<{ secs: number }>(
      `select extract(epoch from l.deadline_at - r.started_at)::int as secs from runs r join run_leases l on l.run_id = r.id
        where r.id = any ($1) order by secs`,
      [[plain.id, own.id]],
    );
    expect(rows.map(({ secs }) => secs)).toEqual([50, 200]);
  });
});
