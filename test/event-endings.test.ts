import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelEvent } from '../src/domain/events/cancel-event.ts';
import { findEvent } from '../src/domain/events/visible-events.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { completeRun } from '../src/domain/runs/complete.ts';
import { reapWaits } from '../src/domain/runs/reap-timers.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { waitForChildren } from '../src/domain/runs/waits.ts';
import type { TestEngine } from './support/engine.ts';
import { type EventWorld, startEventWorld } from './support/event-world.ts';

let w: EventWorld;
let t: TestEngine;
beforeAll(async () => {
  w = await startEventWorld();
  t = w.t;
});
afterAll(() => t.close());

describe('canceling', () => {
  it('ends the wait, its run and what that has spawned', async () => {
    const key = w.freshKey();
    const actor = await w.start();
    const child = await spawnRun(actor, { job: w.jobId }, t.engine.runs);
    await waitForEvent(actor, { eventKey: key }, t.engine.runs);

    const id = await cancelEvent(t.actor, key, t.engine.runs);

    expect(await findEvent(t.actor, key, t.engine.runs)).toBe(id);
    expect(await w.waitsOf(actor.runId)).toMatchObject([{ id, status: 'canceled', error: 'event trigger canceled' }]);
    expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'canceled', error: 'event trigger canceled' });
    expect(await t.until(child, (row) => row.status === 'canceled')).toMatchObject({ error: 'parent run canceled' });
    await expect(cancelEvent(t.actor, key, t.engine.runs)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'event trigger is not in waiting state',
    });
  });

  it('and sending at once: one of them happens (100 pairs)', async () => {
    const actors = await w.startMany(100);
    const names = actors.map(() => w.freshKey());
    await Promise.all(actors.map((actor, index) => waitForEvent(actor, { eventKey: names[index] ?? '' }, t.engine.runs)));

    const outcomes = await Promise.all(
      names.map(async (key, index) => {
        const acts = [() => w.send(key, 1), () => cancelEvent(t.actor, key, t.engine.runs)];
        const results = await Promise.allSettled((index % 2 ? acts : acts.reverse()).map((act) => act()));
        return index % 2 ? results : results.reverse();
      }),
    );

    for (const [index, [sent, canceled]] of outcomes.entries()) {
      expect([sent?.status, canceled?.status].sort()).toEqual(['fulfilled', 'rejected']);
      const expected = sent?.status === 'fulfilled' ? 'executing' : 'canceled';
      await t.until(actors[index]?.runId ?? '', (row) => row.status === expected);
    }
  });
});

describe('a wait that lasts too long', () => {
  const expire = (runId: string) =>
    t.pools.reads.query(`update waits set expires_at = now() - interval '1 second' where run_id = $1`, [runId]);
  const reap = () => reapWaits(500, t.engine.runs);

  it('ends its run as timed out, and cannot be sent to any more', async () => {
    const key = w.freshKey();
    const actor = await w.waiting(key);
    await expire(actor.runId);

    await reap();

    expect(await t.until(actor.runId, () => true)).toMatchObject({
      status: 'timed_out',
      error: 'event trigger timed out',
      error_class: 'timeout',
    });
    expect(await w.waitsOf(actor.runId)).toMatchObject([
      { status: 'timed_out', error: 'event trigger timed out', response_payload: null },
    ]);
    await expect(w.send(key)).rejects.toMatchObject({ code: 'CONFLICT', message: 'event trigger is not in waiting state' });
    expect(await w.stateOf(actor.runId)).toEqual({});
  });

  it('is told from one for children', async () => {
    const actor = await w.start();
    await spawnRun(actor, { job: w.jobId }, t.engine.runs);
    await waitForChildren(actor, { runIds: null, timeoutSecs: 60 }, t.engine.runs);
    await expire(actor.runId);

    await reap();

    expect(await t.until(actor.runId, () => true)).toMatchObject({
      status: 'timed_out',
      error: 'what it waited for did not end in time',
    });
  });

  it('either times out or is received when both happen at once (100 pairs)', async () => {
    const actors = await w.startMany(100);
    const names = actors.map(() => w.freshKey());
    await Promise.all(actors.map((actor, index) => waitForEvent(actor, { eventKey: names[index] ?? '' }, t.engine.runs)));
    await Promise.all(actors.map((actor) => expire(actor.runId)));

    const half = names.length / 2;
    const early = Promise.allSettled(names.slice(0, half).map((key) => w.send(key, 1)));
    const reaped = reap();
    const late = Promise.allSettled(names.slice(half).map((key) => w.send(key, 1)));
    const outcomes = [...(await early), ...(await late)];
    await reaped;

    for (const [index, { status }] of outcomes.entries()) {
      const runId = actors[index]?.runId ?? '';
      const expected = status === 'fulfilled' ? 'executing' : 'timed_out';
      await t.until(runId, (row) => row.status === expected);
      expect(await w.waitsOf(runId)).toMatchObject([{ status: status === 'fulfilled' ? 'received' : 'timed_out' }]);
    }
  });

  it('that was ended by a process which died before ending the run is made up for', async () => {
    const [timedOut, received] = [await w.waiting(w.freshKey()), await w.waiting(w.freshKey())];
    await t.pools.reads.query(`update waits set status = 'timed_out' where run_id = $1`, [timedOut.runId]);
    await t.pools.reads.query(`update waits set status = 'received' where run_id = $1`, [received.runId]);

    await reap();

    await t.until(timedOut.runId, (row) => row.status === 'timed_out');
    expect((await w.executing(received.runId)).epoch).toBe(2);
  });
});

describe('a parent', () => {
  it('that is woken by its children has their results in its state', async () => {
    const parent = await w.start();
    const [good, bad] = await Promise.all(
      ['good', 'bad'].map(async (spawnKey) => w.executing(await spawnRun(parent, { job: w.jobId, spawnKey }, t.engine.runs))),
    );
    if (!good || !bad) throw new Error('two were spawned');
    await waitForChildren(parent, { runIds: null, timeoutSecs: 60 }, t.engine.runs);

    await completeRun(good, { pages: 3 }, t.engine.runs);
    await cancelRun(t.actor, bad.runId, t.engine.runs);
    await w.executing(parent.runId);

    expect(await w.stateOf(parent.runId)).toEqual({ [`run:${good.runId}`]: { pages: 3 }, [`run:${bad.runId}`]: null });
  });
});

describe('the race of waiting and sending', () => {
  it('strands nobody in 1,000 pairs, in both orders, without the reaper', async () => {
    const actors = await w.startMany(1_000);
    const pairs = actors.map((actor) => ({ actor, key: w.freshKey() }));

    /** As a sender would: there is nothing to send to before somebody waits, so it asks again. */
    async function sendUntilHeard(key: string): Promise<void> {
      for (;;) {
        const outcome = await w.send(key, { to: key }).catch((error: { code?: string }) => error);
        if (typeof outcome === 'string') return;
        if (outcome.code !== 'NOT_FOUND') throw outcome;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await Promise.all(
      pairs.flatMap(({ actor, key }, index) => {
        const acts = [() => waitForEvent(actor, { eventKey: key }, t.engine.runs), () => sendUntilHeard(key)];
        return (index % 2 ? acts : acts.reverse()).map((act) => act());
      }),
    );

    const resumed = await Promise.all(
      actors.map((actor) => t.until(actor.runId, (row) => row.status === 'executing' && row.epoch === 2)),
    );
    expect(resumed).toHaveLength(1_000);
    const { rows } = await t.pools.reads.query(
      'select count(*)::int from run_state where run_id = any ($1) and value->>$2 = substr(state_key, 7)',
      [actors.map((actor) => actor.runId), 'to'],
    );
    expect(rows[0].count).toBe(1_000);
  }, 120_000);
});
