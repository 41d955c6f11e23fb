import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyActor, RunActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { triggerRuns } from '../src/domain/batches/trigger-batch.ts';
import { completeRun, failRun } from '../src/domain/runs/complete.ts';
import { replayDeadLetter } from '../src/domain/runs/dlq-replay.ts';
import { reportOwnRun } from '../src/domain/runs/report.ts';
import { dryRunTrigger, triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ concurrency: 200 });
});
afterAll(() => t.close());

const count = async (jobId: string) => {
  const { rows } = await t.pools.reads.query<{ n: number }>('select count(*)::int as n from runs where job_id = $1', [jobId]);
  return rows[0]?.n;
};

async function executing(runId: string): Promise<RunActor> {
  const run = await t.until(runId, (row) => row.status === 'executing');
  return { kind: 'run', projectId: 'default', runId, epoch: run.epoch };
}

const accept = () => t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));

describe('triggering', () => {
  it('answers the live run of an idempotency key, however many ask at once', async () => {
    accept();
    const job = await t.createJob();

    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        triggerRun(t.actor, { job: job.id, payload: { n: 1 }, idempotencyKey: `key-${index % 10}` }, t.engine.runs),
      ),
    );

    expect(new Set(answers.map((answer) => answer.id)).size).toBe(10);
    expect(answers.filter((answer) => !answer.idempotencyHit).length).toBe(10);
    expect(await count(job.id)).toBe(10);
    await expect(
      triggerRun(t.actor, { job: job.id, payload: { n: 2 }, idempotencyKey: 'key-1' }, t.engine.runs),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('takes an idempotency key again when its run has ended', async () => {
    t.answer(() => ({ kind: 'completed', result: null, trace: NO_TRACE }));
    const job = await t.createJob();

    const first = await triggerRun(t.actor, { job: job.id, idempotencyKey: 'k' }, t.engine.runs);
    await t.until(first.id, (row) => row.status === 'completed');
    const second = await triggerRun(t.actor, { job: job.id, idempotencyKey: 'k' }, t.engine.runs);

    expect(second).toMatchObject({ idempotencyHit: false });
    expect(second.id).not.toBe(first.id);
  });

  it('pairs every payload with its own run across digit boundaries', async () => {
    t.answer((attempt) => ({
      kind: 'completed',
      result: { echo: JSON.parse(attempt.payload), run: attempt.runId },
      trace: NO_TRACE,
    }));
    const job = await t.createJob();

    const batch = await triggerRuns(
      t.actor,
      { job: job.id, items: Array.from({ length: 1_000 }, (_, n) => ({ payload: n })) },
      t.engine.runs,
    );
    const ids = batch.items.map((item) => item.run?.id as string);
    const rows = await Promise.all(ids.map((id) => t.until(id, (row) => row.status === 'completed')));

    expect(batch).toMatchObject({ total: 1_000, created: 1_000 });
    expect(rows.map((row) => row.result)).toEqual(ids.map((id, n) => ({ echo: n, run: id })));
    const { rows: ties } = await t.pools.reads.query(
      'select created_at from runs where job_id = $1 group by created_at having count(*) > 1',
      [job.id],
    );
    expect(ties).toEqual([]);
  });

  it('stores nothing on a dry run, for a disabled job, or for a payload its schema refuses', async () => {
    const job = await t.createJob({ payloadSchema: { type: 'object', required: ['city'] } });
    const off = await t.createJob({ enabled: false });

    await expect(triggerRun(t.actor, { job: job.id, payload: {} }, t.engine.runs)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(triggerRun(t.actor, { job: off.id }, t.engine.runs)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await dryRunTrigger(t.actor, { job: job.id, payload: { city: 'Ulm' }, ttlSecs: 60 }, t.engine.runs)).toMatchObject({
      payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      expiresAt: expect.any(Date),
    });

    expect([await count(job.id), await count(off.id)]).toEqual([0, 0]);
  });

  it('tells another project nothing', async () => {
    const job = await t.createJob();
    const stranger: KeyActor = { ...t.actor, projectId: 'other', keyId: newId() };

    await expect(triggerRun(stranger, { job: job.id }, t.engine.runs)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('reporting', () => {
  it('numbers reports without gaps, whoever writes at the same time', async () => {
    accept();
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const actor = await executing(id);

    const report = (n: number) => ({ type: 'log', level: 'info', message: `line ${n}`, data: null }) as const;
    const seqs = await Promise.all(Array.from({ length: 500 }, (_, n) => reportOwnRun(actor, report(n), t.engine.runs)));

    expect(seqs).toEqual(Array.from({ length: 500 }, (_, n) => n + 4));
  });

  it('answers a lost completion alike, and refuses another one', async () => {
    accept();
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const actor = await executing(id);

    await Promise.all(Array.from({ length: 50 }, () => completeRun(actor, { a: 1, b: [2] }, t.engine.runs)));

    await expect(completeRun(actor, { a: 2 }, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(failRun(actor, { error: 'no', retry: false }, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
    const { rows } = await t.pools.reads.query(`select 1 from run_events where run_id = $1 and to_status = 'completed'`, [id]);
    expect(rows.length).toBe(1);
  });

  it('is refused to a stale claim, and changes nothing', async () => {
    accept();
    const job = await t.createJob({ retryStrategy: 'fixed', retryInitialDelaySecs: 0 });
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const stale = await executing(id);
    await failRun(stale, { error: 'try again', retry: true }, t.engine.runs);
    await t.until(id, (row) => row.status === 'executing' && row.epoch === 2);

    const before = await t.until(id, () => true);
    const log = { type: 'log', level: 'info', message: 'late', data: null } as const;
    const acts = [
      () => completeRun(stale, null, t.engine.runs),
      () => failRun(stale, { error: 'x', retry: true }, t.engine.runs),
      () => reportOwnRun(stale, log, t.engine.runs),
    ];
    for (const act of acts) {
      await expect(act()).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('stale') });
    }

    expect(await t.until(id, () => true)).toEqual(before);
  });
});

describe('a dead letter', () => {
  it('is replayed as its own first attempt, with a new claim', async () => {
    t.answer(() => ({ kind: 'failed', errorClass: 'server', message: 'answered 500', trace: NO_TRACE }));
    const job = await t.createJob({ maxAttempts: 1 });
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    await t.until(id, (row) => row.status === 'dead_letter');
    t.answer(() => ({ kind: 'completed', result: 'cured', trace: NO_TRACE }));

    await replayDeadLetter(t.actor, id, t.engine.runs);
    const run = await t.until(id, (row) => row.status === 'completed');

    expect(run).toMatchObject({ attempt: 1, epoch: 3, result: 'cured', error: null });
    await expect(replayDeadLetter(t.actor, id, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
