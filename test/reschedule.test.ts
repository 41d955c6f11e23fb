import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rescheduleRun } from '../src/domain/runs/reschedule.ts';
import { resetIdempotencyKey } from '../src/domain/runs/reset-idempotency.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine();
});
afterAll(() => t.close());

const inSecs = (secs: number): Date => new Date(Date.now() + secs * 1_000);
const change = (runId: string, over: { readonly scheduledAt: Date; readonly payload?: Record<string, string | number> }) =>
  rescheduleRun(t.actor, { runId, change: over }, t.engine.runs);

async function row(id: string): Promise<{ status: string; ttl: number; hash: string; payload: unknown; starts: Date }> {
  const { rows } = await t.pools.reads.query(
    `select r.status, extract(epoch from r.expires_at - greatest(r.scheduled_at, r.queued_at))::float8 as ttl, r.scheduled_at as starts,
            d.payload_hash as hash, d.payload
       from runs r join run_data d on d.run_id = r.id where r.id = $1`,
    [id],
  );
  return rows[0];
}

describe('rescheduling', () => {
  it('starts a delayed run at once, with another payload', async () => {
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id, payload: { n: 1 }, scheduledAt: inSecs(3_600) }, t.engine.runs);

    await change(id, { scheduledAt: new Date(0), payload: { n: 2 } });
    await t.until(id, ({ status }) => status === 'completed');

    expect(JSON.parse(t.attempts.find(({ runId }) => runId === id)?.payload ?? '')).toEqual({ n: 2 });
  });

  it('starts a run at the moment it is moved to', async () => {
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id, scheduledAt: inSecs(3_600) }, t.engine.runs);

    await change(id, { scheduledAt: inSecs(0.3) });
    expect((await row(id)).status).toBe('delayed');

    expect(await t.until(id, ({ status }) => status === 'completed')).toMatchObject({ attempt: 1, epoch: 1 });
  });

  it('gives the time to live anew with every start', async () => {
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id, scheduledAt: inSecs(60), ttlSecs: 100 }, t.engine.runs);

    for (const scheduledAt of [inSecs(5_000), inSecs(10), inSecs(7_000)]) {
      await change(id, { scheduledAt });
      const { ttl, starts } = await row(id);
      expect([Math.round(ttl), starts]).toEqual([100, scheduledAt]);
    }
  });

  it('hashes the new payload as a trigger would, and checks it as one', async () => {
    const job = await t.createJob({ payloadSchema: { type: 'object', required: ['n'] } });
    const trigger = { job: job.id, payload: { n: 1 }, scheduledAt: inSecs(60) };
    const { id } = await triggerRun(t.actor, trigger, t.engine.runs);
    const twin = await triggerRun(t.actor, { ...trigger, payload: { n: 2 } }, t.engine.runs);
    const before = await row(id);

    await expect(change(id, { scheduledAt: inSecs(90), payload: { m: 1 } })).rejects.toThrow('payload validation failed');
    await expect(change(id, { scheduledAt: inSecs(400 * 86_400) })).rejects.toThrow('scheduled_at lies more than a year ahead');
    expect(await row(id)).toEqual(before);
    await change(id, { scheduledAt: inSecs(90), payload: { n: 2 } });

    expect(await row(id)).toMatchObject({ hash: twin.payloadHash, payload: { n: 2 } });
  });
});

describe('an idempotency key that was taken off', () => {
  it('makes a new run', async () => {
    const job = await t.createJob();
    const trigger = { job: job.id, idempotencyKey: 'once', scheduledAt: inSecs(60) };
    const first = await triggerRun(t.actor, trigger, t.engine.runs);
    expect(await triggerRun(t.actor, trigger, t.engine.runs)).toMatchObject({ id: first.id, idempotencyHit: true });

    await resetIdempotencyKey(t.actor, first.id, t.engine.runs);
    const second = await triggerRun(t.actor, trigger, t.engine.runs);

    expect(second).toMatchObject({ idempotencyHit: false });
    expect(second.id).not.toBe(first.id);
  });
});
