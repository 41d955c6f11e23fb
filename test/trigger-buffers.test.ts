import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fireBuffers } from '../src/domain/admission/fire-buffers.ts';
import { addDependency } from '../src/domain/dependencies/add-dependency.ts';
import { deleteJob } from '../src/domain/jobs/delete-job.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { type TriggerRun, triggerJob, triggerRun } from '../src/domain/runs/trigger.ts';
import { startTestEngine } from './support/engine.ts';
import { startTwoEngines, type TwoEngines } from './support/two-engines.ts';

let w: TwoEngines;
beforeAll(async () => {
  w = await startTwoEngines({ concurrency: 50 });
});
afterAll(() => w.close());

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const trigger = (input: TriggerRun) => triggerJob(w.a.actor, input, w.a.engine.runs);

/** Makes every buffer of a job due and has both processes fire at once; answers how many runs each made. */
async function fire(jobId: string): Promise<number> {
  await w.a.pools.reads.query('update trigger_buffers set fire_at = now() where job_id = $1', [jobId]);
  const fired = await Promise.all(times(6, (n) => fireBuffers((n % 2 ? w.a : w.b).engine.runs)));
  return fired.reduce((sum, count) => sum + count);
}

/** Looks until a job has as many runs, which timers and reapers of both processes make. */
async function untilRuns(jobId: string, count: number) {
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    const runs = await w.runsOf(jobId);
    if (runs.length >= count) return runs;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return w.runsOf(jobId);
}

async function buffered(jobId: string) {
  const { rows } = await w.a.pools.reads.query(
    `select (select count(*)::int from trigger_buffers where job_id = $1) as buffers,
            (select count(*)::int from trigger_buffer_items where job_id = $1) as items`,
    [jobId],
  );
  return rows[0];
}

describe('debouncing', () => {
  it('makes one run of the last trigger of a key, by itself, however many come in both processes', async () => {
    const job = await w.a.createJob({ debounceWindowSecs: 1 });
    const before = Date.now();

    const answers = await w.triggerAll(times(100, (n) => ({ job: job.id, payload: n, debounceKey: `key-${n % 2}` })));
    const last = await trigger({ job: job.id, payload: 'last', debounceKey: 'key-0', priority: 7, tags: { a: 'b' } });
    const runs = await untilRuns(job.id, 2);

    for (const answer of answers) expect(answer).toMatchObject({ run: null, buffered: false, debouncedUntil: expect.any(Date) });
    expect(last.debouncedUntil?.getTime()).toBeGreaterThanOrEqual(before + 1_000);
    expect(runs).toHaveLength(2);
    expect(runs.map(({ triggered_by: by }) => by)).toEqual(['debounce', 'debounce']);
    expect(runs.map(({ payload }) => payload)).toContain('last');
    expect(await buffered(job.id)).toEqual({ buffers: 0, items: 0 });
    const { rows } = await w.a.pools.reads.query(
      `select r.priority, r.created_by, d.tags from runs r join run_data d on d.run_id = r.id where r.job_id = $1 and d.payload = '"last"'`,
      [job.id],
    );
    expect(rows).toEqual([{ priority: 7, created_by: expect.stringContaining('key:'), tags: { a: 'b' } }]);
  });

  it('begins its window anew with each trigger, and fires once although both processes and the timers try', async () => {
    const job = await w.a.createJob({ debounceWindowSecs: 600 });
    await trigger({ job: job.id, payload: 1 });
    await w.a.pools.reads.query(`update trigger_buffers set fire_at = now() + interval '1 second' where job_id = $1`, [job.id]);

    const { debouncedUntil } = await trigger({ job: job.id, payload: 2 });
    expect(debouncedUntil?.getTime()).toBeGreaterThan(Date.now() + 590_000);
    await fire(job.id);
    await fire(job.id);

    expect((await w.runsOf(job.id)).map(({ payload }) => payload)).toEqual([2]);
  });

  it('survives the process that took the trigger', async () => {
    const lost = await startTestEngine({ url: w.a.url, role: 'api' });
    const job = await lost.createJob({ debounceWindowSecs: 1 });
    const { debouncedUntil } = await triggerJob(lost.actor, { job: job.id, payload: 'kept' }, lost.engine.runs);
    await lost.close();

    const runs = await untilRuns(job.id, 1);

    expect(debouncedUntil).not.toBeNull();
    expect(runs).toMatchObject([{ payload: 'kept', triggered_by: 'debounce' }]);
  });

  it('keeps the idempotency key of the trigger for its run', async () => {
    const job = await w.a.createJob({ debounceWindowSecs: 600, maxConcurrency: 1 });
    const other = await triggerRun(w.a.actor, { job: job.id, scheduledAt: new Date(Date.now() + 60_000) }, w.a.engine.runs);
    await trigger({ job: job.id, payload: 1, idempotencyKey: 'k', scheduledAt: new Date(Date.now() + 60_000) });
    await fire(job.id);

    const again = await trigger({ job: job.id, payload: 1, idempotencyKey: 'k' });

    const runs = await w.runsOf(job.id);
    expect(runs.map(({ status }) => status)).toEqual(['delayed', 'delayed']);
    expect(again.run).toMatchObject({ id: runs.find(({ id }) => id !== other.id)?.id, idempotencyHit: true });
    for (const { id } of runs) await cancelRun(w.a.actor, id, w.a.engine.runs);
  });

  it('does not fire for a job that was deleted', async () => {
    const job = await w.a.createJob({ debounceWindowSecs: 600 });
    await trigger({ job: job.id });
    await deleteJob(w.a.actor, job.id, { pool: w.a.pools.reads, jobCache: w.a.engine.runs.jobs });
    w.b.engine.runs.jobs.invalidate('default');

    await fire(job.id);

    expect(await w.runsOf(job.id)).toEqual([]);
    expect(await buffered(job.id)).toEqual({ buffers: 0, items: 0 });
  });

  it('makes a run that waits for what its job depends on', async () => {
    const first = await w.a.createJob();
    const job = await w.a.createJob({ debounceWindowSecs: 600, rateLimitMax: 10, rateLimitWindowSecs: 60 });
    const jobs = { pool: w.a.pools.reads, jobCache: w.a.engine.runs.jobs };
    await addDependency(w.a.actor, { job: job.id, dependsOnJobId: first.id }, jobs);
    w.b.engine.runs.jobs.invalidate('default');
    await trigger({ job: job.id });
    const needed = await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);

    await fire(job.id);
    const before = await w.runsOf(job.id);
    await triggerRun(w.a.actor, { job: first.id }, w.a.engine.runs);
    for (const { id } of before) await w.a.until(id, ({ status }) => status === 'completed');

    expect(needed.status).toBe('waiting');
    expect(before.map(({ status }) => status)).toEqual(['waiting', 'waiting']);
    expect((await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs)).status).toBe('queued');
  });

  it('leaves a caller that needs its run alone', async () => {
    const job = await w.a.createJob({ debounceWindowSecs: 600 });

    const { id } = await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);

    expect((await w.runsOf(job.id)).map((run) => run.id)).toEqual([id]);
  });
});

describe('batching', () => {
  it('makes a run of as many triggers as a batch has, no trigger in two of them', async () => {
    const job = await w.a.createJob({ batchWindowSecs: 600, batchMaxSize: 7 });

    const answers = await w.triggerAll(times(100, (payload) => ({ job: job.id, payload })));
    await fire(job.id);

    const runs = await w.runsOf(job.id);
    const batches = runs.map(({ payload }) => (payload as { items: number[] }).items);
    expect(batches.map(({ length }) => length)).toEqual([...times(14, () => 7), 2]);
    expect(batches.flat().sort((x, y) => x - y)).toEqual(times(100, (n) => n));
    expect(new Set(runs.map(({ triggered_by: by }) => by))).toEqual(new Set(['batch']));
    const completing = answers.flatMap((answer) => (answer instanceof Error || !answer.run ? [] : [answer.run]));
    expect(completing.map(({ id }) => id).sort()).toEqual(
      runs
        .slice(0, 14)
        .map(({ id }) => id)
        .sort(),
    );
    expect(completing[0]).toMatchObject({ batch: true, runToken: expect.any(String), payloadHash: expect.any(String) });
    expect(answers.filter((answer) => !(answer instanceof Error) && answer.buffered)).toHaveLength(86);
    expect(await buffered(job.id)).toEqual({ buffers: 0, items: 0 });
  });

  it('ends with its window, by itself, and gathers each key apart', async () => {
    const job = await w.a.createJob({ batchWindowSecs: 1 });

    await w.triggerAll(times(20, (payload) => ({ job: job.id, payload, batchKey: payload % 2 ? 'odd' : 'even' })));
    const runs = await untilRuns(job.id, 2);

    const batches = runs.map(({ payload }) => (payload as { items: number[] }).items.sort((x, y) => x - y));
    expect(batches.sort(([x = 0], [y = 0]) => x - y)).toEqual([times(10, (n) => 2 * n), times(10, (n) => 2 * n + 1)]);
  });

  it('does not put off its end for later triggers, nor gather one idempotency key twice', async () => {
    const job = await w.a.createJob({ batchWindowSecs: 600 });
    await trigger({ job: job.id, payload: 1, idempotencyKey: 'k' });
    const fireAt = async () =>
      (await w.a.pools.reads.query<{ at: Date }>('select fire_at as at from trigger_buffers where job_id = $1', [job.id])).rows[0]
        ?.at;
    const first = await fireAt();

    const again = await trigger({ job: job.id, payload: 1, idempotencyKey: 'k' });
    await w.triggerAll([
      { job: job.id, payload: 2, idempotencyKey: 'k' },
      { job: job.id, payload: 3 },
    ]);
    const last = await fireAt();
    await fire(job.id);

    expect(again).toEqual({ run: null, debouncedUntil: null, buffered: true });
    expect(last).toEqual(first);
    expect((await w.runsOf(job.id)).map(({ payload }) => payload)).toEqual([{ items: [1, 3] }]);
  });

  it('ends a batch before it would be more than one run may have', async () => {
    const job = await w.a.createJob({ batchWindowSecs: 600 });
    const payload = 'x'.repeat(2 * 1_048_576);

    for (let n = 0; n < 3; n++) expect(await trigger({ job: job.id, payload })).toMatchObject({ buffered: true });

    const sizes = (await w.runsOf(job.id)).map((run) => (run.payload as { items: unknown[] }).items.length);
    expect(sizes).toEqual([2]);
    expect(await buffered(job.id)).toEqual({ buffers: 1, items: 1 });
  });
});
