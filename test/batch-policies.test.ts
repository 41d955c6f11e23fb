import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { dropSpentCounters } from '../src/domain/admission/drop-counters.ts';
import { fireBuffers } from '../src/domain/admission/fire-buffers.ts';
import type { BatchItem } from '../src/domain/batches/batch-items.ts';
import { followBatch } from '../src/domain/batches/follow-batch.ts';
import { type BulkTriggered, triggerBatch } from '../src/domain/batches/trigger-batch.ts';
import { startTwoEngines, type TwoEngines } from './support/two-engines.ts';

let w: TwoEngines;
beforeAll(async () => {
  w = await startTwoEngines({ role: 'api' });
});
afterAll(() => w.close());

async function* stream(items: Iterable<BatchItem>): AsyncGenerator<BatchItem> {
  yield* items;
}

type Runs = TwoEngines['a']['engine']['runs'];

const numbered = (count: number, keys: object = {}): BatchItem[] =>
  Array.from({ length: count }, (_, n) => ({ payload: n, ...keys }));

function trigger(
  job: string,
  items: readonly BatchItem[],
  batchKey?: string,
  runs: Runs = w.a.engine.runs,
): Promise<BulkTriggered> {
  return triggerBatch(w.a.actor, { job, items: stream(items), batchKey }, runs);
}

/** The dependencies of a process that dies after so many items of a bulk trigger have been taken on. */
function dyingAfter(count: number): Runs {
  const { runs } = w.a.engine;
  let left = count;
  const one: Runs['admissions']['one'] = (item) =>
    left-- > 0 ? runs.admissions.one(item) : Promise.reject(new Error('the process died'));
  return { ...runs, admissions: { ...runs.admissions, one } };
}

/** Triggers a list and dies when so many items have been taken on; with all of them, before that is noted. */
async function cutOff(job: string, items: readonly BatchItem[], key: string, after: number): Promise<void> {
  if (after === items.length) {
    const { batchId } = await trigger(job, items, key);
    await w.a.pools.reads.query('update batches set stored = 0, created = 0, failed = 0 where id = $1', [batchId]);
    return;
  }
  await expect(trigger(job, items, key, dyingAfter(after))).rejects.toThrow('the process died');
  // What was under way when the process died is committed.
  await w.a.engine.runs.admissions.idle();
}

/** Ends the windows of whatever the job has gathered, and makes runs of it. */
async function fire(job: string): Promise<void> {
  await w.a.pools.reads.query('update trigger_buffers set fire_at = now() where job_id = $1', [job]);
  await fireBuffers(w.a.engine.runs);
}

async function itemsOf(job: string): Promise<number[]> {
  return (await w.runsOf(job)).flatMap(({ payload }) => (payload as { items: number[] }).items);
}

describe('a bulk trigger of a job with a rate limit', () => {
  it('goes on after a crash without using the limit up twice', async () => {
    const job = await w.a.createJob({ rateLimitMax: 6, rateLimitWindowSecs: 3_600 });
    await cutOff(job.id, numbered(6), 'limited', 4);

    const { items, created } = await trigger(job.id, numbered(6), 'limited');

    expect(items.map(({ error }) => error)).toEqual(Array(6).fill(null));
    expect(created).toBe(6);
    expect((await w.runsOf(job.id)).map(({ payload }) => payload)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('refuses what is beyond it, and says so again', async () => {
    const job = await w.a.createJob({ rateLimitMax: 2, rateLimitWindowSecs: 3_600 });
    const first = await trigger(job.id, numbered(3), 'beyond');
    await w.a.pools.reads.query('update trigger_rates set ends_at = now() where job_id = $1', [job.id]);
    await dropSpentCounters(100, w.a.engine.runs);

    const again = await trigger(job.id, numbered(3), 'beyond');

    for (const { items, created } of [first, again]) {
      expect([created, items.map(({ error }) => error)]).toEqual([2, [null, null, 'job rate limit exceeded']]);
    }
  });
});

describe('a bulk trigger of a job that answers equal payloads with one run', () => {
  it('does not take a run of its own for that of another after a crash', async () => {
    const job = await w.a.createJob({ dedupWindowSecs: 60 });
    const items = [{ payload: 1 }, { payload: 2 }, { payload: 1 }];
    await cutOff(job.id, items, 'equal', 1);

    const answer = await trigger(job.id, items, 'equal');

    const [one, two, twin] = answer.items.map(({ run }) => run);
    expect([one, two, twin]).toMatchObject([
      { idempotencyHit: true, deduplicated: false },
      { idempotencyHit: false, deduplicated: false },
      { id: one?.id, deduplicated: true },
    ]);
    expect(answer.created).toBe(2);
    expect(await w.runsOf(job.id)).toHaveLength(2);
    // Without a key, too, only new runs count.
    expect((await trigger(job.id, items)).created).toBe(0);
  });
});

describe('a bulk trigger of a job that debounces', () => {
  it('answers when its items become a run, and is over with', async () => {
    const job = await w.a.createJob({ debounceWindowSecs: 600 });
    const items = [...numbered(3, { debounceKey: 'a' }), { payload: 9, debounceKey: 'b' }, new AppError('BAD_REQUEST', 'no')];

    const { batchId, items: answers, created } = await trigger(job.id, items, 'debounced');

    expect(created).toBe(0);
    expect(answers).toEqual([
      ...Array(4).fill({ run: null, debouncedUntil: expect.any(Date), buffered: false, error: null }),
      { run: null, debouncedUntil: null, buffered: false, error: 'no' },
    ]);
    expect((await trigger(job.id, items, 'debounced')).items).toEqual(answers);
    for await (const { progress, isFinished } of await followBatch(w.a.actor, { batchId }, w.a.engine.runs)) {
      expect([progress, isFinished]).toEqual([1, true]);
    }

    await fire(job.id);
    expect((await w.runsOf(job.id)).map(({ payload }) => payload).sort()).toEqual([2, 9]);
  });

  it.each([0, 1, 2, 3])('does nothing twice after a crash that has come after %i items', async (after) => {
    const job = await w.a.createJob({ debounceWindowSecs: 600 });
    await cutOff(job.id, numbered(3), `late ${after}`, after);
    // What had been taken on becomes a run before the trigger is tried again; nothing of that is done twice.
    await fire(job.id);
    const before = (await w.runsOf(job.id)).length;

    await trigger(job.id, numbered(3), `late ${after}`);
    await fire(job.id);

    const payloads = (await w.runsOf(job.id)).map(({ payload }) => payload);
    expect(before).toBe(after === 0 ? 0 : 1);
    expect(payloads).toEqual([...(after === 0 ? [] : [after - 1]), ...(after === 3 ? [] : [2])]);
  });
});

describe('a bulk trigger of a job that gathers', () => {
  it('makes each item a part of one run, whenever a crash has come', async () => {
    const job = await w.a.createJob({ batchWindowSecs: 600, batchMaxSize: 4 });
    const items = numbered(10);
    await cutOff(job.id, items, 'gathered', 6);
    await fire(job.id);

    const { items: answers, created } = await trigger(job.id, items, 'gathered');
    await fire(job.id);

    expect((await itemsOf(job.id)).sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(answers.map(({ run, buffered }) => [run?.batch ?? false, buffered])).toEqual(
      items.map((_, n) => [n === 3 || n === 9, n !== 3 && n !== 9]),
    );
    expect(created).toBe(2);
    expect(answers[3]?.run).toMatchObject({ idempotencyHit: true, runToken: null });
    expect(answers[9]?.run).toMatchObject({ idempotencyHit: false, runToken: expect.any(String) });
    const again = await trigger(job.id, items, 'gathered');
    expect(again.items.map(({ run, buffered }) => [run?.id, run?.batch ?? false, buffered])).toEqual(
      answers.map(({ run, buffered }) => [run?.id, run?.batch ?? false, buffered]),
    );
  });

  it('is done once when two processes store it at once', async () => {
    const job = await w.a.createJob({ batchWindowSecs: 600, batchMaxSize: 7 });
    const items = numbered(600);

    const answers = await Promise.all([w.a, w.b, w.a].map(({ engine }) => trigger(job.id, items, 'at once', engine.runs)));
    await fire(job.id);

    expect(new Set(answers.map(({ batchId }) => batchId)).size).toBe(1);
    expect((await itemsOf(job.id)).sort((x, y) => x - y)).toEqual(items.map((_, n) => n));
  });
});
