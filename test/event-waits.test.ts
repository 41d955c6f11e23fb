import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelEvent } from '../src/domain/events/cancel-event.ts';
import { MAX_EVENT_BYTES, sendEventsByPrefix } from '../src/domain/events/send-event.ts';
import { countEvents, findEvent } from '../src/domain/events/visible-events.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { completeRun } from '../src/domain/runs/complete.ts';
import type { TestEngine } from './support/engine.ts';
import { type EventWorld, startEventWorld } from './support/event-world.ts';
import { actorOf } from './support/jobs.ts';

let w: EventWorld;
let t: TestEngine;
beforeAll(async () => {
  w = await startEventWorld();
  t = w.t;
});
afterAll(() => t.close());

describe('a run that waits for an event', () => {
  it('sleeps until the event is sent, then comes again as the same attempt with the payload in its state', async () => {
    const key = w.freshKey();
    const actor = await w.start();

    const wait = await waitForEvent(actor, { eventKey: key, timeoutSecs: 60 }, t.engine.runs);
    expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'waiting', epoch: 1 });
    const triggerId = await w.send(key, { approved: true });
    const again = await w.executing(actor.runId);

    expect(wait).toEqual({ eventKey: key, triggerId, expiresAt: expect.any(Date) });
    expect(Math.abs(wait.expiresAt.getTime() - Date.now() - 60_000)).toBeLessThan(30_000);
    expect(again.epoch).toBe(2);
    expect(await t.until(actor.runId, () => true)).toMatchObject({ attempt: 1 });
    expect(await w.stateOf(actor.runId)).toEqual({ [`event:${key}`]: { approved: true } });
    expect(await w.waitsOf(actor.runId)).toMatchObject([
      {
        kind: 'event',
        status: 'received',
        response_payload: { approved: true },
        sent_by: `key:${t.actor.keyId}`,
        timeout_secs: 60,
      },
    ]);
    await expect(completeRun(actor, null, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('must execute, under the claim that asks', async () => {
    const actor = await w.start();
    await waitForEvent(actor, { eventKey: w.freshKey() }, t.engine.runs);
    const ended = await w.start();
    await completeRun(ended, null, t.engine.runs);
    const stale = { ...(await w.start()), epoch: 0 };

    await expect(waitForEvent(actor, { eventKey: w.freshKey() }, t.engine.runs)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'run must be executing to wait for event, current status: waiting',
    });
    await expect(waitForEvent(ended, { eventKey: w.freshKey() }, t.engine.runs)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'run must be executing to wait for event, current status: completed',
    });
    await expect(waitForEvent(stale, { eventKey: w.freshKey() }, t.engine.runs)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('stale run token'),
    });
    await expect(waitForEvent({ ...stale, projectId: 'other' }, { eventKey: w.freshKey() }, t.engine.runs)).rejects.toMatchObject(
      {
        code: 'NOT_FOUND',
      },
    );
    expect(await w.waitsOf(ended.runId)).toEqual([]);
    expect(await w.waitsOf(stale.runId)).toEqual([]);
  });

  it('has its key for itself, until the wait is over', async () => {
    const key = w.freshKey();
    const first = await w.waiting(key);
    const second = await w.start();

    await expect(waitForEvent(second, { eventKey: key }, t.engine.runs)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'event key already in use',
    });
    expect(await t.until(second.runId, () => true)).toMatchObject({ status: 'executing' });
    await w.send(key, 1);
    await w.executing(first.runId);
    await waitForEvent(second, { eventKey: key }, t.engine.runs);
    await w.send(key, 2);
    await w.executing(second.runId);

    expect([await w.stateOf(first.runId), await w.stateOf(second.runId)]).toEqual([
      { [`event:${key}`]: 1 },
      { [`event:${key}`]: 2 },
    ]);
  });

  it('gives a key that 40 want at once to one of them', async () => {
    const key = w.freshKey();
    const actors = await w.startMany(40);

    const outcomes = await Promise.allSettled(actors.map((actor) => waitForEvent(actor, { eventKey: key }, t.engine.runs)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'CONFLICT', message: 'event key already in use' });
    }
    const { rows } = await t.pools.reads.query(
      'select status, count(*)::int from runs where id = any ($1) group by status order by status',
      [actors.map((actor) => actor.runId)],
    );
    expect(rows).toEqual([
      { status: 'executing', count: 39 },
      { status: 'waiting', count: 1 },
    ]);
  });

  it('that asks twice at once waits once', async () => {
    const actor = await w.start();

    const outcomes = await Promise.allSettled(
      [w.freshKey(), w.freshKey()].map((eventKey) => waitForEvent(actor, { eventKey }, t.engine.runs)),
    );

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await w.waitsOf(actor.runId)).toMatchObject([{ status: 'waiting' }]);
  });

  it('that is canceled frees its key', async () => {
    const key = w.freshKey();
    const actor = await w.waiting(key);

    await cancelRun(t.actor, actor.runId, t.engine.runs);

    expect(await w.waitsOf(actor.runId)).toMatchObject([{ status: 'canceled' }]);
    await expect(w.send(key)).rejects.toMatchObject({ code: 'CONFLICT', message: 'event trigger is not in waiting state' });
    await w.waiting(key);
  });
});

describe('sending', () => {
  it('the same payload again answers the same wait, another is refused', async () => {
    const key = w.freshKey();
    await w.waiting(key);

    const first = await w.send(key, { b: 1, a: [1] });

    expect(await w.send(key, { a: [1], b: 1 })).toBe(first);
    await expect(w.send(key, { a: [2], b: 1 })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'event trigger is not in waiting state',
    });
  });

  it('many at once is received once', async () => {
    const key = w.freshKey();
    const actor = await w.waiting(key);

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => w.send(key, index % 2)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect((await w.executing(actor.runId)).epoch).toBe(2);
    const { rows } = await t.pools.reads.query(
      `select count(*)::int from run_events where run_id = $1 and from_status = 'waiting'`,
      [actor.runId],
    );
    expect(rows[0].count).toBe(1);
  });

  it('to a key that nobody has waited for, or somebody of another project, finds nothing', async () => {
    const key = w.freshKey();
    const actor = await w.waiting(key);
    const stranger = actorOf('other');

    for (const act of [
      () => w.send('nobody'),
      () => w.send(key, 1, stranger),
      () => cancelEvent(stranger, key, t.engine.runs),
      () => findEvent(stranger, key, t.engine.runs),
      () => findEvent(t.actor, 'nobody', t.engine.runs),
      () => cancelEvent(t.actor, 'nobody', t.engine.runs),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'event trigger not found' });
    }
    expect(await sendEventsByPrefix(stranger, key, { payload: 1 }, t.engine.runs)).toEqual([]);
    expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'waiting' });
    expect((await countEvents(stranger, t.engine.runs)).total).toBe(0);
  });

  it('needs the scope for writing runs', async () => {
    const reader = actorOf('default', 'runs:read');

    await expect(w.send(w.freshKey(), 1, reader)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(sendEventsByPrefix(reader, 'x', { payload: 1 }, t.engine.runs)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(cancelEvent(reader, w.freshKey(), t.engine.runs)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(findEvent(actorOf('default', 'runs:write'), w.freshKey(), t.engine.runs)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('takes a payload of a megabyte and no more', async () => {
    const key = w.freshKey();
    const actor = await w.waiting(key);

    await expect(w.send(key, 'x'.repeat(MAX_EVENT_BYTES - 1))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await w.send(key, 'x'.repeat(MAX_EVENT_BYTES - 2));

    await w.executing(actor.runId);
  });

  it.each([
    ['*'],
    ['%'],
    ['_'],
    ['a/b/../c'],
    ['a b?c#d&e=f'],
    ['%2F'],
    ['Größe 东西 🚀'],
    ['\u{10ffff}'],
    ['"; drop table waits; --'],
    ['k'.repeat(512)],
    ['🚀'.repeat(256)],
    ['__proto__'],
  ])('to the key %j reaches that key alone', async (key) => {
    const other = await w.waiting(`${'x'}${w.freshKey()}`);
    const actor = await w.waiting(key);

    await w.send(key, { key });

    await w.executing(actor.runId);
    expect(await w.stateOf(actor.runId)).toEqual({ [`event:${key}`]: { key } });
    expect(await t.until(other.runId, () => true)).toMatchObject({ status: 'waiting' });
  });

  it.each([['\0'], ['a\nb'], ['\u007f'], ['\ud800'], [''], ['k'.repeat(513)]])(
    'to what cannot be a key, %j, finds nothing',
    async (key) => {
      await expect(w.send(key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(cancelEvent(t.actor, key, t.engine.runs)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(findEvent(t.actor, key, t.engine.runs)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await sendEventsByPrefix(t.actor, key, { payload: null }, t.engine.runs)).toEqual([]);
    },
  );
});

describe('sending by prefix', () => {
  it('reaches every key that starts with it, and no other', async () => {
    const prefix = `order%_*/${w.freshKey()}`;
    const inside = ['', '1', '/2', '🚀', '\u{10ffff}\u{10ffff}', 'z'.repeat(300)].map((rest) => `${prefix}${rest}`);
    const outside = [prefix.slice(0, -1), `x${prefix}`, prefix.replace('%', 'a'), prefix.replace('*', 'b')];
    const reached = await Promise.all(inside.map((key) => w.waiting(key)));
    const missed = await Promise.all(outside.map((key) => w.waiting(key)));

    const ids = await sendEventsByPrefix(t.actor, prefix, { payload: 'go' }, t.engine.runs);
    await Promise.all(reached.map((actor) => w.executing(actor.runId)));

    expect(ids).toHaveLength(inside.length);
    for (const [index, actor] of reached.entries())
      expect(await w.stateOf(actor.runId)).toEqual({ [`event:${inside[index]}`]: 'go' });
    for (const actor of missed) expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'waiting' });
    expect(await sendEventsByPrefix(t.actor, prefix, { payload: 'go' }, t.engine.runs)).toEqual([]);
  });

  it('resolves fewer at once when the payload is large', async () => {
    const prefix = w.freshKey();
    const actors = await Promise.all(Array.from({ length: 18 }, (_, index) => w.waiting(`${prefix}:${index}`)));
    const payload = 'x'.repeat(MAX_EVENT_BYTES - 2);

    const first = await sendEventsByPrefix(t.actor, prefix, { payload }, t.engine.runs);
    const second = await sendEventsByPrefix(t.actor, prefix, { payload }, t.engine.runs);

    expect([first.length, second.length]).toEqual([16, 2]);
    await Promise.all(actors.map((actor) => w.executing(actor.runId)));
  });
});
