import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../src/core/outcome.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine();
});
afterAll(() => t.close());

async function events(runId: string): Promise<string[]> {
  const { rows } = await t.pools.reads.query<{ story: string }>(
    `select seq || ' ' || coalesce(from_status, '-') || '>' || coalesce(to_status, type) as story from run_events where run_id = $1 order by seq`,
    [runId],
  );
  return rows.map((row) => row.story);
}

describe('a run', () => {
  it('is triggered, dispatched and completed, and tells it', async () => {
    t.answer(() => ({ kind: 'completed', result: { answer: 42 }, trace: NO_TRACE }));
    const job = await t.createJob();

    const triggered = await triggerRun(t.actor, { job: job.slug, payload: { question: 'all' } }, t.engine.runs);
    const run = await t.until(triggered.id, (row) => row.status === 'completed');

    expect(triggered).toMatchObject({ idempotencyHit: false, runToken: expect.any(String) });
    expect(run).toMatchObject({ attempt: 1, epoch: 1, result: { answer: 42 }, error: null });
    expect(await events(triggered.id)).toEqual([
      '1 ->queued',
      '2 queued>dequeued',
      '3 dequeued>executing',
      '4 executing>completed',
    ]);
    const attempt = t.attempts.find(({ runId }) => runId === triggered.id) as Attempt;
    expect(JSON.parse(attempt.payload)).toEqual({ question: 'all' });
    const { rows } = await t.pools.reads.query('select 1 from run_leases where run_id = $1', [triggered.id]);
    expect(rows).toEqual([]);
  });

  it('is retried after a failure and dead-lettered when its attempts are spent', async () => {
    t.answer(() => ({ kind: 'failed', errorClass: 'server', message: 'answered 500', trace: NO_TRACE }));
    const job = await t.createJob({ maxAttempts: 2, retryStrategy: 'fixed', retryInitialDelaySecs: 0 });

    const { id } = await triggerRun(t.actor, { job: job.id, payload: null }, t.engine.runs);
    const run = await t.until(id, (row) => row.status === 'dead_letter');

    expect(run).toMatchObject({ attempt: 2, epoch: 2, error: 'answered 500', error_class: 'server' });
    expect(await events(id)).toEqual([
      '1 ->queued',
      '2 queued>dequeued',
      '3 dequeued>executing',
      '4 executing>queued',
      '5 queued>dequeued',
      '6 dequeued>executing',
      '7 executing>dead_letter',
    ]);
  });

  it('is canceled while it executes, and its dispatch is ended', async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    t.answer((_attempt, signal) => {
      started.resolve();
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted.resolve();
          resolve({ kind: 'aborted' });
        });
      });
    });
    const job = await t.createJob();

    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    await started.promise;
    await cancelRun(t.actor, id, t.engine.runs);
    await aborted.promise;

    expect(await t.until(id, (row) => row.status === 'canceled')).toMatchObject({ error: 'canceled by user' });
  });
});
