import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fireBuffers } from '../src/domain/admission/fire-buffers.ts';
import { updateJob } from '../src/domain/jobs/update-job.ts';
import { startOf } from '../src/domain/runs/execution-window.ts';
import { dryRunTrigger, triggerJob, triggerRun } from '../src/domain/runs/trigger.ts';
import { startTestEngine, type TestEngine } from './support/engine.ts';

const OFFICE = { executionWindowCron: '* 9-17 * * 1-5', timezone: 'Europe/Berlin' };

describe('the execution window', () => {
  const start = (wished: string | null, now: string) =>
    startOf(OFFICE, wished === null ? null : new Date(wished), new Date(now))?.toISOString() ?? null;

  it('lets a run start at once while it is open', () => {
    expect(start(null, '2026-03-27T16:59:30Z')).toBeNull();
  });

  it('keeps a run until it opens, in its own zone', () => {
    expect(start(null, '2026-03-27T17:00:00Z')).toBe('2026-03-30T07:00:00.000Z');
    expect(start(null, '2026-03-27T07:59:59Z')).toBe('2026-03-27T08:00:00.000Z');
  });

  it('judges the moment that the trigger asks for, not the present one', () => {
    expect(start('2026-03-27T12:00:00Z', '2026-03-27T02:00:00Z')).toBe('2026-03-27T12:00:00.000Z');
    expect(start('2026-03-28T12:00:00Z', '2026-03-27T12:00:00Z')).toBe('2026-03-30T07:00:00.000Z');
  });

  it('is no window at all without an expression', () => {
    expect(startOf({ executionWindowCron: null, timezone: 'UTC' }, null, new Date())).toBeNull();
  });
});

describe('a run outside of the window of its job', () => {
  let t: TestEngine;
  beforeAll(async () => {
    t = await startTestEngine();
  });
  afterAll(() => t.close());

  /** A cron expression of one minute, many days from now. */
  const faraway = (): { cron: string; at: Date } => {
    const at = new Date(Date.now() + 40 * 86_400_000);
    at.setUTCSeconds(0, 0);
    return { cron: `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`, at };
  };

  it('is delayed until it opens, and says so', async () => {
    const { cron, at } = faraway();
    const job = await t.createJob({ executionWindowCron: cron });

    const run = await triggerRun(t.actor, { job: job.id, ttlSecs: 60 }, t.engine.runs);
    const { rows } = await t.pools.reads.query('select status, scheduled_at, wake_at, expires_at from runs where id = $1', [
      run.id,
    ]);

    expect(run.status).toBe('delayed');
    const expires = new Date(at.getTime() + 60_000);
    expect(rows).toEqual([{ status: 'delayed', scheduled_at: at, wake_at: at, expires_at: expires }]);
    expect(await dryRunTrigger(t.actor, { job: job.id }, t.engine.runs)).toMatchObject({ scheduledAt: at });
  });

  it('is delayed when a debounced trigger becomes it', async () => {
    const { cron, at } = faraway();
    const job = await t.createJob({ executionWindowCron: cron, debounceWindowSecs: 600 });
    await triggerJob(t.actor, { job: job.id }, t.engine.runs);
    await t.pools.reads.query('update trigger_buffers set fire_at = now() where job_id = $1', [job.id]);

    await fireBuffers(t.engine.runs);

    const { rows } = await t.pools.reads.query('select status, scheduled_at from runs where job_id = $1', [job.id]);
    expect(rows).toEqual([{ status: 'delayed', scheduled_at: at }]);
  });

  it('needs a cron expression and a zone that can be read', async () => {
    const job = await t.createJob();
    const change = (changes: object) =>
      updateJob(
        t.actor,
        { job: job.id, changes },
        {
          pool: t.pools.reads,
          endpointPolicy: { allowPrivate: true },
          managedExec: true,
          jobCache: t.engine.runs.jobs,
        },
      );

    for (const [changes, path] of [
      [{ executionWindowCron: '61 * * * *' }, 'execution_window_cron'],
      [{ executionWindowCron: '0 0 30 2 *' }, 'execution_window_cron'],
      [{ timezone: 'Mars/Base' }, 'timezone'],
      [{ rateLimitMax: 1 }, 'rate_limit_window_secs'],
      [{ debounceWindowSecs: 1, batchWindowSecs: 1 }, 'batch_window_secs'],
      [{ batchMaxSize: 2 }, 'batch_max_size'],
    ] as const) {
      await expect(change(changes)).rejects.toMatchObject({ code: 'BAD_REQUEST', details: [{ path }] });
      await expect(t.createJob(changes)).rejects.toMatchObject({ code: 'BAD_REQUEST', details: [{ path }] });
    }
  });
});
