import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heartbeat } from '../src/domain/runs/heartbeat.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ leaseMs: 1_000, reaperMs: 100 });
});
afterAll(() => t.close());

const accept = () => t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
const complete = () => t.answer(() => ({ kind: 'completed', result: null, trace: NO_TRACE }));

describe('what nobody stands behind any more', () => {
  it('an executor that falls silent loses the run to a retry, then it is crashed', async () => {
    accept();
    const job = await t.createJob({ heartbeatTimeoutSecs: 1, maxAttempts: 2, retryStrategy: 'fixed', retryInitialDelaySecs: 0 });

    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);

    expect(await t.until(id, (row) => row.attempt === 2)).toMatchObject({
      error: 'heartbeat lost',
      error_class: 'heartbeat_lost',
    });
    expect(await t.until(id, (row) => row.status === 'crashed')).toMatchObject({ attempt: 2, epoch: 2 });
  });

  it('an executor that beats keeps its run, but not beyond the deadline', async () => {
    accept();
    const job = await t.createJob({ heartbeatTimeoutSecs: 1, timeoutSecs: 3, maxAttempts: 1 });
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const actor = { kind: 'run', projectId: 'default', runId: id, epoch: 1 } as const;
    const beating = setInterval(() => void heartbeat(actor, t.engine.runs).catch(() => clearInterval(beating)), 200);

    const run = await t.until(id, (row) => row.status !== 'executing' && row.status !== 'queued');
    clearInterval(beating);

    expect(run).toMatchObject({ status: 'timed_out', error: 'execution timed out' });
    await expect(heartbeat(actor, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('a timeout is retried while attempts remain', async () => {
    t.answer(() => ({ kind: 'timed_out', trace: NO_TRACE }));
    const job = await t.createJob({ maxAttempts: 2, retryStrategy: 'fixed', retryInitialDelaySecs: 0 });

    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);

    expect(await t.until(id, (row) => row.status === 'timed_out')).toMatchObject({ attempt: 2, error_class: 'timeout' });
  });

  it('a run of a server that died is claimed again', async () => {
    complete();
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id, scheduledAt: new Date(Date.now() + 3_600_000) }, t.engine.runs);
    // What a server leaves behind that is killed between its claim and the answer of the executor.
    await t.pools.reads.query(
      `with r as (update runs set status = 'executing', epoch = 1, wake_at = null, started_at = now(), event_seq = 3 where id = $1 returning id),
            e as (insert into run_events (run_id, seq, type, message, from_status, to_status, attempt, epoch) values
                   ($1, 2, 'state_change', '', 'queued', 'dequeued', 1, 1), ($1, 3, 'state_change', '', 'dequeued', 'executing', 1, 1))
       insert into run_leases (run_id, epoch, holder, lease_until, deadline_at)
       select id, 1, gen_random_uuid(), now() - interval '1 second', now() + interval '5 minutes' from r`,
      [id],
    );

    expect(await t.until(id, (row) => row.status === 'completed')).toMatchObject({ attempt: 2, epoch: 2 });
  });
});

describe('timers', () => {
  it('start a delayed run when its moment has come', async () => {
    complete();
    const job = await t.createJob();
    const at = new Date(Date.now() + 700);

    const { id, status } = await triggerRun(t.actor, { job: job.id, scheduledAt: at }, t.engine.runs);
    await t.until(id, (row) => row.status === 'completed');
    const { rows } = await t.pools.reads.query<{ early: boolean }>(
      'select started_at < scheduled_at as early from runs where id = $1',
      [id],
    );

    expect(status).toBe('delayed');
    expect(rows).toEqual([{ early: false }]);
  });

  it('expire a run that nobody started in time, and never one that was claimed once', async () => {
    const job = await t.createJob({ enabled: true, maxAttempts: 5, retryStrategy: 'fixed', retryInitialDelaySecs: 2 });
    t.answer(() => ({ kind: 'failed', errorClass: 'server', message: 'answered 500', trace: NO_TRACE }));
    const later = new Date(Date.now() + 3_600_000);
    const unstarted = await triggerRun(t.actor, { job: job.id, scheduledAt: later, ttlSecs: 1 }, t.engine.runs);
    const started = await triggerRun(t.actor, { job: job.id, ttlSecs: 1 }, t.engine.runs);
    await t.pools.reads.query(`update runs set expires_at = now() where id = $1`, [unstarted.id]);

    expect(await t.until(unstarted.id, (row) => row.status === 'expired')).toMatchObject({ error: 'run expired' });
    await t.until(started.id, (row) => row.attempt === 2 && row.status === 'queued');
    complete();
    await t.until(started.id, (row) => row.status === 'completed');
  });

  it('keep a retry back until its delay is over', async () => {
    t.answer(() => ({ kind: 'failed', errorClass: 'rate_limited', message: 'slow down', retryAfterMs: 1_500, trace: NO_TRACE }));
    const job = await t.createJob();

    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const held = await t.until(id, (row) => row.hold === 'retry');
    complete();
    await t.until(id, (row) => row.status === 'completed');
    const { rows } = await t.pools.reads.query<{ early: boolean }>(
      'select started_at < $2::timestamptz as early from runs where id = $1',
      [id, held.next_retry_at],
    );

    expect(held).toMatchObject({ status: 'queued', attempt: 2, error: 'slow down' });
    expect(rows).toEqual([{ early: false }]);
  });
});
