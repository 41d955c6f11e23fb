import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { nthId } from '../src/core/ids.ts';
import { type BatchItem, MAX_BATCH_ITEMS } from '../src/domain/batches/batch-items.ts';
import { followBatch } from '../src/domain/batches/follow-batch.ts';
import { deleteExpiredBatches } from '../src/domain/batches/retention.ts';
import { triggerBatch } from '../src/domain/batches/trigger-batch.ts';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { cancelRuns } from '../src/domain/runs/cancel-many.ts';
import { NO_RUN } from '../src/domain/runs/trigger-answer.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
let job: JobRow;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  job = await t.createJob({ slug: 'batched' });
});
afterAll(() => t.close());

async function* stream(items: Iterable<BatchItem>): AsyncGenerator<BatchItem> {
  yield* items;
}

const numbered = (count: number): BatchItem[] => Array.from({ length: count }, (_, n) => ({ payload: n }));

function trigger(items: Iterable<BatchItem>, batchKey?: string, over: { runs?: typeof t.runs; job?: string } = {}) {
  return triggerBatch(t.admin, { job: over.job ?? job.id, items: stream(items), batchKey }, over.runs ?? t.runs);
}

async function runsOf(batchId: string): Promise<number[]> {
  const { rows } = await t.pools.reads.query<{ n: number }>(
    'select (d.payload)::int as n from runs r join run_data d on d.run_id = r.id where r.batch_id = $1 order by r.created_at, r.id',
    [batchId],
  );
  return rows.map(({ n }) => n);
}

async function countBatches(): Promise<number> {
  const { rows } = await t.pools.reads.query<{ count: number }>('select count(*)::int as count from batches');
  return rows[0]?.count ?? -1;
}

/** The dependencies of a process that dies after it has stored so many runs. */
function dyingAfter(count: number): typeof t.runs {
  let left = count;
  return {
    ...t.runs,
    admissions: {
      ...t.runs.admissions,
      one: (trigger) => (left-- > 0 ? t.runs.admissions.one(trigger) : Promise.reject(new Error('the process died'))),
    },
  };
}

describe('the ids of a batch', () => {
  it('are UUIDv7 in the order of the items, always the same and never those of another batch', () => {
    const base = '01a202fc-f791-7bba-ab66-6bbead93eb32';
    const ids = [0, 1, 63, 64, 99_999, 2 ** 18 - 1].map((n) => nthId(base, n));

    expect(ids).toEqual([...ids].sort());
    for (const id of ids) expect(id).toMatch(/^01a202fc-f791-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(nthId(base, 63)).toBe(ids[2]);
    expect(nthId(base.replace('eb32', 'eb33'), 63)).not.toBe(ids[2]);
    expect(() => nthId(base, 2 ** 18)).toThrow(RangeError);
  });
});

describe('a batch', () => {
  it('is stored in the order given, over many chunks, each item for itself', async () => {
    const bad = new AppError('BAD_REQUEST', 'priority: too big');
    const { batchId, items, total, created } = await trigger([...numbered(2_300), bad]);

    expect([total, created, items.length]).toEqual([2_301, 2_300, 2_301]);
    expect(items.at(-1)).toEqual({ ...NO_RUN, error: 'priority: too big' });
    expect(await runsOf(batchId)).toEqual(Array.from({ length: 2_300 }, (_, n) => n));
    const { batch } = await t.get(
      `query ($id: ID!) { batch(id: $id) {
        key total stored created failed progress isFinished startedAt finishedAt job { slug } counts { total queued completed }
        runs(first: 2, status: [QUEUED]) { edges { node { payload } } } failures { edges { cursor node { index error } } } } }`,
      { variables: { id: batchId } },
    );
    expect(batch).toEqual({
      key: null,
      total: 2_301,
      stored: 2_301,
      created: 2_300,
      failed: 1,
      progress: expect.closeTo(1 / 2_301, 10),
      isFinished: false,
      startedAt: null,
      finishedAt: null,
      job: { slug: 'batched' },
      counts: { total: 2_300, queued: 2_300, completed: 0 },
      runs: { edges: [{ node: { payload: 0 } }, { node: { payload: 1 } }] },
      failures: { edges: [{ cursor: '2300', node: { index: 2_300, error: 'priority: too big' } }] },
    });
  });

  it('of more than 100,000 items, none, or a source that breaks stores nothing', async () => {
    const before = await countBatches();
    async function* broken(): AsyncGenerator<BatchItem> {
      yield* numbered(10);
      throw new AppError('BAD_REQUEST', 'items.10 is not valid JSON');
    }
    const tiny: BatchItem = new AppError('BAD_REQUEST', 'x');

    await expect(trigger(Array<BatchItem>(MAX_BATCH_ITEMS + 1).fill(tiny))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(trigger([])).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(triggerBatch(t.admin, { job: job.id, items: broken() }, t.runs)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await countBatches()).toBe(before);
  });

  it('that finds no room among the others is told to come back, and gives back what it had', async () => {
    const taken: number[] = [];
    const batchMemory = {
      take: (bytes: number) => taken.length < 3 && taken.push(bytes) > 0,
      giveBack: (bytes: number) => void taken.push(-bytes),
    };

    await expect(trigger(numbered(5), 'no room', { runs: { ...t.runs, batchMemory } })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterSecs: expect.any(Number),
    });
    expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBe(0);
  });

  it('under the same key is the same batch, whatever became of its runs', async () => {
    const items: BatchItem[] = [
      { payload: 1, idempotencyKey: 'one' },
      { payload: 1, idempotencyKey: 'one' },
      new AppError('BAD_REQUEST', 'no'),
    ];
    const first = await trigger(items, 'same');
    await cancelRuns(t.admin, { filter: { batchId: first.batchId } }, t.runs);

    const again = await trigger(items, 'same');

    expect(first.items.map(({ run }) => run?.idempotencyHit)).toEqual([false, true, undefined]);
    expect(again).toMatchObject({ batchId: first.batchId, total: 3, created: 1 });
    expect(again.items).toEqual([
      { ...NO_RUN, run: { ...first.items[0]?.run, status: 'canceled', idempotencyHit: true, runToken: null }, error: null },
      { ...NO_RUN, run: { ...first.items[0]?.run, status: 'canceled', idempotencyHit: true, runToken: null }, error: null },
      { ...NO_RUN, error: 'no' },
    ]);
  });

  it('under the same key with another job, other items or another order is a conflict', async () => {
    const other = await t.createJob();
    await trigger(numbered(3), 'mine');
    const before = await countBatches();

    await expect(trigger(numbered(3), 'mine', { job: other.id })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(trigger(numbered(4), 'mine')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(trigger(numbered(3).reverse(), 'mine')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(trigger([{ payload: 0, priority: 1 }, ...numbered(3).slice(1)], 'mine')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await countBatches()).toBe(before);
  });

  it.each([0, 1, 700, 1_000, 1_700, 2_499])('that a crash cut off after %i runs is completed, once', async (stored) => {
    const items = numbered(2_500);
    const key = `crashed ${stored}`;
    await expect(trigger(items, key, { runs: dyingAfter(stored) })).rejects.toThrow('the process died');
    // What was under way when the process died is committed.
    await t.runs.inserts.idle();

    const { batchId, created, items: answered } = await trigger(items, key);

    expect([created, answered.length]).toEqual([2_500, 2_500]);
    expect(answered.filter(({ run }) => run?.idempotencyHit)).toHaveLength(stored);
    expect((await runsOf(batchId)).sort((a, b) => a - b)).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
  });

  it('that two processes store at once is made once', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => trigger(numbered(2_500), 'at once')));

    expect(new Set(answers.map(({ batchId }) => batchId)).size).toBe(1);
    expect(answers.map(({ created }) => created)).toEqual([2_500, 2_500, 2_500]);
    expect(await runsOf(answers[0]?.batchId ?? '')).toHaveLength(2_500);
  });

  it('lets others be served while it is read and stored', async () => {
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      while (!isOver) {
        await t.runs.reads.query('select 1');
        turns++;
      }
    })();

    await trigger(numbered(5_000));
    isOver = true;
    await others;

    // One at least for each slice that is read, and for each statement that stores.
    expect(turns).toBeGreaterThan(5_000 / 64 / 2);
  });

  it('of another project is not found', async () => {
    const { batchId } = await trigger(numbered(1));
    const as = keyOf('other', '*');
    const code = async (document: string) => (await t.ask(document, { as })).errors?.[0]?.extensions?.['code'];

    expect(await code(`{ batch(id: "${batchId}") { id } }`)).toBe('NOT_FOUND');
    expect((await t.get('{ batches { edges { cursor } } }', { as })).batches.edges).toEqual([]);
    await expect(followBatch(as, { batchId }, t.runs)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(followBatch(as, { batchId: 'none' }, t.runs)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is followed until its last run has ended', async () => {
    const { batchId } = await trigger(numbered(3));
    const seen: string[] = [];
    const following = (async () => {
      for await (const summary of await followBatch(t.admin, { batchId, paceMs: 1 }, t.runs)) {
        seen.push(`${summary.counts.queued} ${summary.counts.canceled} ${summary.isFinished}`);
        if (seen.length === 1) await cancelRuns(t.admin, { filter: { batchId } }, t.runs);
      }
    })();
    await following;

    expect(seen).toEqual(['3 0 false', '0 3 true']);
    expect(t.runs.hub.subscriptions()).toBe(0);
  });

  it('can be followed over GraphQL', async () => {
    const { batchId } = await trigger([new AppError('BAD_REQUEST', 'no')]);
    const followed = await t.follow(
      'subscription ($id: ID!) { batchChanged(batchId: $id) { id failed isFinished finishedAt } }',
      {
        variables: { id: batchId },
      },
    );
    if (!(Symbol.asyncIterator in followed)) throw new Error(JSON.stringify(followed));

    const told = [];
    for await (const { data } of followed) told.push(data.batchChanged);

    expect(told).toEqual([{ id: batchId, failed: 1, isFinished: true, finishedAt: null }]);
  });

  it('is triggered from a list of any JSON over GraphQL', async () => {
    const document = `mutation ($items: TriggerItemStream!) {
      triggerBatch(input: { job: "batched", items: $items, batchKey: null }) { total created items { error run { scheduledAt } } } }`;
    const items = [{ payload: 1, scheduledAt: '2999-01-01T00:00:00Z' }, { scheduledAt: 'soon' }, { x: 1 }, 7, { payload: null }];

    const { triggerBatch: answer } = await t.get(document, { variables: { items } });

    expect([answer.total, answer.created]).toEqual([5, 1]);
    expect(answer.items.map(({ error }: { error: string | null }) => error)).toEqual([
      'scheduled_at lies more than a year ahead',
      expect.stringMatching(/^scheduledAt: must be/),
      expect.stringContaining('x'),
      'an item must be an object',
      null,
    ]);
    expect((await t.ask(document, { variables: { items: 'none' } })).errors).toHaveLength(1);
  });

  it('is kept as long as one of its runs, and thirty days', async () => {
    const young = await trigger(numbered(1));
    const empty = await trigger([new AppError('BAD_REQUEST', 'no')]);
    const full = await trigger(numbered(1));
    await t.pools.reads.query("update batches set created_at = now() - interval '31 days' where id = any ($1)", [
      [empty.batchId, full.batchId],
    ]);

    expect(await deleteExpiredBatches(10, t.runs)).toBe(1);

    const { rows } = await t.pools.reads.query<{ id: string }>(
      'select id from batches where id = any ($1) union all select batch_id from batch_items where batch_id = any ($1)',
      [[young.batchId, empty.batchId, full.batchId]],
    );
    expect(rows.map(({ id }) => id).sort()).toEqual([young.batchId, full.batchId].sort());
  });
});
