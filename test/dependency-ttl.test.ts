import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDependency } from '../src/domain/dependencies/add-dependency.ts';
import type { Job } from '../src/domain/jobs/job.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ reaperMs: 100 });
});
afterAll(() => t.close());

async function pair(): Promise<{ job: Job; target: Job }> {
  const [job, target] = [await t.createJob(), await t.createJob()];
  const deps = { pool: t.pools.reads, jobCache: t.engine.runs.jobs };
  await addDependency(t.actor, { job: job.id, dependsOnJobId: target.id }, deps);
  return { job, target };
}

async function waitsOf(runId: string): Promise<unknown[]> {
  const { rows } = await t.pools.reads.query('select kind, status, match_by, match_key from waits where run_id = $1', [runId]);
  return rows;
}

describe('the reaper', () => {
  it('expires a run that waited for longer than it was to live, and leaves others alone', async () => {
    const { job, target } = await pair();
    const mortal = await triggerRun(t.actor, { job: job.id, ttlSecs: 1 }, t.engine.runs);
    const patient = await triggerRun(t.actor, { job: job.id, payload: { dependency_key: 'a' } }, t.engine.runs);

    expect(await t.until(mortal.id, (row) => row.status === 'expired')).toMatchObject({ error: 'run expired', epoch: 0 });
    expect(await waitsOf(mortal.id)).toEqual([{ kind: 'dependency', status: 'timed_out', match_by: 'any', match_key: '' }]);
    expect(await waitsOf(patient.id)).toMatchObject([{ status: 'waiting', match_by: 'dependency_key', match_key: 'a' }]);
    await triggerRun(t.actor, { job: target.id, payload: { dependency_key: 'a' } }, t.engine.runs);
    await t.until(patient.id, (row) => row.status === 'completed');
    expect((await t.until(mortal.id, () => true)).status).toBe('expired');
  });

  it('lets go of what a process that died between a commit and its look has left waiting', async () => {
    const { job, target } = await pair();
    const run = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const ended = await triggerRun(t.actor, { job: target.id, scheduledAt: new Date(Date.now() + 3_600_000) }, t.engine.runs);
    // Ended by a process that did no more.
    await t.pools.reads.query(
      `with r as (update runs set status = 'completed', finished_at = now(), wake_at = null, event_seq = 2 where id = $1 returning id)
       insert into run_events (run_id, seq, type, message, from_status, to_status, attempt, epoch)
       select id, 2, 'state_change', '', 'delayed', 'completed', 1, 0 from r`,
      [ended.id],
    );

    await t.until(run.id, (row) => row.status === 'completed');
  });

  it('wakes a run whose wait has ended without it', async () => {
    const { job } = await pair();
    const run = await triggerRun(t.actor, { job: job.id }, t.engine.runs);

    await t.pools.reads.query(`update waits set status = 'received', ended_at = now() where run_id = $1`, [run.id]);

    await t.until(run.id, (row) => row.status === 'completed');
  });
});
