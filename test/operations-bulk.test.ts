import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { triggerRuns } from '../src/domain/batches/trigger-batch.ts';
import { cancelRuns } from '../src/domain/runs/cancel-many.ts';
import { replayDeadLetter } from '../src/domain/runs/dlq-replay.ts';
import { replayDeadLetters } from '../src/domain/runs/dlq-replay-many.ts';
import { previewRuns } from '../src/domain/runs/preview.ts';
import { replayRuns } from '../src/domain/runs/replay-many.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';
import { findViolations } from './support/invariants.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

/** Triggers runs of a job of their own; answers its id and theirs, oldest first. */
async function many(count: number): Promise<{ readonly job: string; readonly ids: readonly string[] }> {
  const job = (await t.createJob()).id;
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 1_000) {
    const items = Array.from({ length: Math.min(left, 1_000) }, (_, n) => ({ payload: { n } }));
    ids.push(...(await triggerRuns(t.admin, { job, items }, t.runs)).items.flatMap(({ run }) => run?.id ?? []));
  }
  return { job, ids };
}

async function counted(job: string): Promise<Record<string, number>> {
  const { rows } = await t.pools.reads.query<{ status: string; count: number }>(
    'select status, count(*)::int as count from runs where job_id = $1 group by status',
    [job],
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** Ends every due run by an event that a claimed one takes. */
async function endAll(event: 'fail' | 'bury'): Promise<void> {
  const actors = await t.claim();
  await t.runs.transitions.many(actors.map(({ runId, epoch }) => ({ runId, epoch, event, message: 'ended', error: 'ended' })));
}

describe('canceling by filter', () => {
  it('ends 20,000 queued runs while triggers are answered', async () => {
    const { job } = await many(20_000);
    const bystander = (await t.createJob()).id;
    let running = true;
    const canceling = cancelRuns(t.admin, { filter: { job, status: ['queued'] } }, t.runs).finally(() => {
      running = false;
    });
    let meanwhile = 0;
    while (running) {
      for (const live of [job, bystander]) await triggerRun(t.admin, { job: live, payload: null }, t.runs);
      if (running) meanwhile++;
    }
    const canceled = await canceling;

    expect(meanwhile).toBeGreaterThan(0);
    expect(canceled).toMatchObject({ total: 20_000, canceled: 20_000, failed: 0, descendants: 0 });
    expect(canceled.results).toHaveLength(1_000);
    // What was triggered after it began is not touched.
    const { canceled: ended, queued = 0 } = await counted(job);
    expect([ended, queued >= meanwhile]).toEqual([20_000, true]);
    expect((await counted(bystander))['canceled']).toBeUndefined();
    expect(await findViolations(t.pools.reads)).toEqual([]);
  }, 60_000);

  it('takes executing and waiting runs too, with their descendants, and counts each once', async () => {
    const job = (await t.createJob()).id;
    const helper = (await t.createJob()).id;
    const parent = await t.start({ job });
    const meant = await spawnRun(parent, { job }, t.runs);
    const unmeant = await spawnRun(parent, { job: helper }, t.runs);
    const child = (await t.claim()).find(({ runId }) => runId === unmeant);
    if (!child) throw new Error('the child was not claimed');
    const grandchild = await spawnRun(child, { job: helper }, t.runs);
    await t.runs.transitions.one({ runId: parent.runId, epoch: parent.epoch, event: 'wait', message: 'waits' });

    const canceled = await cancelRuns(t.admin, { filter: { job } }, t.runs);

    expect(canceled).toMatchObject({ total: 2, canceled: 2, failed: 0, descendants: 2 });
    expect(canceled.results.map(({ id }) => id).sort()).toEqual([parent.runId, meant].sort());
    const { rows } = await t.pools.reads.query('select id, status, error from runs where id = any ($1) order by created_at', [
      [parent.runId, meant, unmeant, grandchild],
    ]);
    expect(rows).toEqual([
      { id: parent.runId, status: 'canceled', error: 'canceled by user (bulk filter)' },
      { id: meant, status: 'canceled', error: 'canceled by user (bulk filter)' },
      { id: unmeant, status: 'canceled', error: 'parent run canceled (bulk)' },
      { id: grandchild, status: 'canceled', error: 'parent run canceled (bulk)' },
    ]);
  });

  it('means all of its conditions, and the project alone', async () => {
    const { job, ids } = await many(3);
    const stranger = keyOf('other', '*');

    expect(await cancelRuns(t.admin, { filter: { job, status: ['completed'] } }, t.runs)).toMatchObject({ total: 0 });
    expect(await cancelRuns(t.admin, { filter: { job, triggeredBy: 'cron' } }, t.runs)).toMatchObject({ total: 0 });
    expect(await cancelRuns(stranger, { filter: { job } }, t.runs)).toMatchObject({ total: 0 });
    expect((await cancelRuns(stranger, { ids: [...ids] }, t.runs)).results).toEqual(
      ids.map((id) => ({ id, status: null, error: 'run not found' })),
    );
    expect(await counted(job)).toEqual({ queued: 3 });
  });

  it.each([
    [{}, 'provide either ids or a filter'],
    [{ ids: ['x'], filter: { job: 'x' } }, 'provide either ids or a filter'],
    [{ filter: {} }, 'at least one filter is required'],
  ])('refuses %j', async (input, message) => {
    await expect(cancelRuns(t.admin, input, t.runs)).rejects.toThrow(message);
  });
});

describe('canceling by id', () => {
  it('answers for each id once, in the order given', async () => {
    const { ids } = await many(2);
    const [first = '', second = ''] = ids;
    await cancelRuns(t.admin, { ids: [second] }, t.runs);

    const { results, ...count } = await cancelRuns(t.admin, { ids: ['nonsense', second, first.toUpperCase(), first] }, t.runs);

    expect(results).toEqual([
      { id: 'nonsense', status: null, error: 'run not found' },
      { id: second, status: 'canceled', error: 'run already in terminal state' },
      { id: first, status: 'canceled', error: null },
    ]);
    expect(count).toEqual({ total: 3, canceled: 1, failed: 2, descendants: 0, endCursor: null });
  });
});

describe('replaying by filter', () => {
  it('makes one new run of each that failed, and none of what it makes', async () => {
    const { job } = await many(2_300);
    await endAll('fail');

    const replaying = replayRuns(t.admin, { filter: { job } }, t.runs);
    let running = true;
    void replaying.finally(() => {
      running = false;
    });
    while (running) await endAll('fail');
    const replayed = await replaying;
    await endAll('fail');

    expect(replayed).toMatchObject({ total: 2_300, replayed: 2_300, skipped: 0, failed: 0 });
    expect(await counted(job)).toEqual({ failed: 4_600 });
  }, 60_000);

  it('says of each why there is no new run', async () => {
    const { job, ids } = await many(2);
    await endAll('fail');
    const disabled = (await t.createJob({ slug: 'to-be-disabled' })).id;
    const ofDisabled = await t.trigger({ job: disabled });
    await endAll('fail');
    const queued = await t.trigger({ job });
    await t.get('mutation { updateJob(id: "to-be-disabled", input: { enabled: false }) { id } }');

    const { results, ...count } = await replayRuns(t.admin, { ids: [...ids, ofDisabled, queued, 'x'] }, t.runs);

    expect(results.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['replayed', null],
      ['replayed', null],
      ['failed', 'job is disabled'],
      ['skipped', 'run is not replayable'],
      ['failed', 'run not found'],
    ]);
    expect(count).toEqual({ total: 5, replayed: 2, skipped: 1, failed: 2, endCursor: null });
  });
});

describe('replaying dead letters', () => {
  it('takes the oldest up to the limit', async () => {
    const { job, ids } = await many(30);
    await endAll('bury');

    const { results, ...count } = await replayDeadLetters(t.admin, { filter: { job }, limit: 10 }, t.runs);

    expect(count).toEqual({ total: 10, replayed: 10, failed: 0, endCursor: expect.any(String) });
    expect(results.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    expect(await counted(job)).toEqual({ queued: 10, dead_letter: 20 });
    await expect(replayDeadLetters(t.admin, { ids: ids.slice(0, 10) }, t.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('a preview', () => {
  it('counts what an operation would be done to, and shows the newest', async () => {
    const { job, ids } = await many(12);
    await cancelRuns(t.admin, { ids: ids.slice(0, 2) }, t.runs);

    const preview = (operation?: 'cancel' | 'replay') => previewRuns(t.admin, { filter: { job }, operation }, t.runs);

    expect(await preview()).toMatchObject({ count: 12, isCapped: false });
    expect(await preview('cancel')).toEqual({ count: 10, isCapped: false, sampleIds: ids.slice(2).reverse() });
    expect(await preview('replay')).toEqual({ count: 0, isCapped: false, sampleIds: [] });
    const { previewRuns: shown } = await t.get(
      `{ previewRuns(filter: { job: "${job}" }, operation: CANCEL) { count isCapped sample { id status } } }`,
    );
    expect(shown.sample[0]).toEqual({ id: ids[11], status: 'QUEUED' });
  });
});

describe('a dead letter whose idempotency key a later run holds', () => {
  it('stays one, is told so, and does not hold up the others', async () => {
    const job = (await t.createJob()).id;
    const [keyed, plain] = [await t.trigger({ job, idempotencyKey: 'again' }), await t.trigger({ job })];
    await endAll('bury');
    await t.trigger({ job, idempotencyKey: 'again' });

    const { results, replayed } = await replayDeadLetters(t.admin, { ids: [keyed, plain] }, t.runs);
    expect(results).toEqual([
      { id: keyed, status: 'dead_letter', error: expect.stringContaining('idempotency key is held by another live run') },
      { id: plain, status: 'queued', error: null },
    ]);
    expect(replayed).toBe(1);
    await expect(replayDeadLetter(t.admin, keyed, t.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
