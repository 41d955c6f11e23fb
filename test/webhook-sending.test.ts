import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignedPost } from '../src/core/signed-post.ts';
import { completeRun } from '../src/domain/runs/complete.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { makeDeliverySweep } from '../src/domain/webhooks/delivery-sweep.ts';
import { updateWebhookSubscription } from '../src/domain/webhooks/update-subscription.ts';
import { NO_TRACE, startTestEngine, TAKEN, type TestEngine } from './support/engine.ts';
import { newProject } from './support/jobs.ts';
import { deliveriesOf, enqueueDeliveries, makeReceivers, refusing, subscribe } from './support/webhooks.ts';

const receivers = makeReceivers();
const webhookPausesMs = { subscription: [1, 1, 1], job: [1, 1, 1], test: [], event_notice: [], batch_callback: [1, 1, 1] };
let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ reaperMs: 600_000, leaseMs: 600_000, post: receivers.post, webhookPausesMs });
});
afterAll(() => t.close());

/** Subscribes a receiver, in a project of its own, and stores `count` deliveries for it; answers the URL and the subscription. */
async function subscribed(play: Parameters<typeof receivers.add>[0], { count = 1, secret = null as string | null } = {}) {
  const actor = await newProject(t.pools.reads);
  const url = receivers.add(play);
  const subscriptionId = await subscribe(t, url, { actor, secret });
  const send = async (deliveries = 1) => {
    const events = Array.from({ length: deliveries }, (_, n) => ({
      projectId: actor.projectId,
      type: 'workflow.completed' as const,
      body: { n },
    }));
    await enqueueDeliveries(t.pools.engine, events);
    t.engine.webhookDue();
  };
  await send(count);
  const rows = () => deliveriesOf(t, { subscriptionId });
  const update = (changes: object) =>
    updateWebhookSubscription(
      actor,
      { id: subscriptionId, changes },
      { pool: t.pools.reads, endpointPolicy: { allowPrivate: true } },
    );
  return { actor, url, subscriptionId, send, rows, update };
}

const statuses = (rows: readonly { status: string }[]) => rows.map(({ status }) => status);

describe('a delivery', () => {
  it('is tried again, as the same message, until it is taken', async () => {
    const { url, rows } = await subscribed((_message, tries) =>
      tries < 3 ? refusing(503, { excerpt: 'not now' }) : { ...TAKEN, excerpt: 'thanks' },
    );

    await expect.poll(async () => statuses(await rows())).toEqual(['delivered']);

    expect(receivers.at(url)).toHaveLength(3);
    expect(new Set(receivers.at(url).map((message) => JSON.stringify(message))).size).toBe(1);
    const [row] = await rows();
    expect(row).toMatchObject({ attempts: 3, response_status: 200, response_body: 'thanks', error: null, next_attempt_at: null });
    expect(receivers.at(url)[0]?.messageId).toBe(row?.id);
  });

  it('is given up when its attempts are spent, and says why', async () => {
    const { url, rows } = await subscribed(() => refusing(500, { excerpt: 'broken' }));

    await expect.poll(async () => statuses(await rows())).toEqual(['dead']);

    expect(receivers.at(url)).toHaveLength(4);
    expect((await rows())[0]).toMatchObject({
      attempts: 4,
      response_status: 500,
      response_body: 'broken',
      error: 'example.com answered 500',
      next_attempt_at: null,
    });
  });

  it.each([400, 401, 404, 422])('is given up at once when it is answered %i', async (status) => {
    const { url, rows } = await subscribed(() => refusing(status));

    await expect.poll(async () => statuses(await rows())).toEqual(['dead']);
    expect(receivers.at(url)).toHaveLength(1);
  });

  it.each([302, 408, 429, 500])('is tried again when it is answered %i', async (status) => {
    const { url, rows } = await subscribed((_message, tries) => (tries === 1 ? refusing(status) : TAKEN));

    await expect.poll(async () => statuses(await rows())).toEqual(['delivered']);
    expect(receivers.at(url)).toHaveLength(2);
  });

  it('is tried again when nobody answered, but not where nobody may be called', async () => {
    const unreachable = { ...TAKEN, status: null, fault: 'nobody answered' };
    const down = await subscribed((_message, tries) => (tries === 1 ? unreachable : TAKEN));
    const forbidden = await subscribed(() => ({ ...unreachable, blocked: true }));

    await expect.poll(async () => statuses(await down.rows())).toEqual(['delivered']);
    await expect.poll(async () => statuses(await forbidden.rows())).toEqual(['dead']);
    expect(receivers.at(forbidden.url)).toHaveLength(1);
  });

  it('waits as long as the receiver asks for', async () => {
    const { rows } = await subscribed(() => refusing(429, { retryAfterMs: 3_600_000 }));

    await expect.poll(async () => statuses(await rows())).toEqual(['failed']);

    const [row] = await rows();
    expect((row?.next_attempt_at?.getTime() ?? 0) - Date.now()).toBeGreaterThan(3_590_000);
  });
});

describe('a subscription', () => {
  it('whose receiver answers 410 is switched off, and what is left for it is dropped', async () => {
    const gate = Promise.withResolvers<void>();
    const { url, rows, send, subscriptionId } = await subscribed(async () => {
      await gate.promise;
      return refusing(410);
    });
    await expect.poll(() => receivers.at(url)).toHaveLength(1);
    // Behind what the receiver is sent at once.
    await send(20);
    await expect.poll(() => receivers.at(url)).toHaveLength(8);
    gate.resolve();
    await expect.poll(async () => new Set(statuses(await rows()))).toEqual(new Set(['dead']));
    await send();

    expect(receivers.at(url)).toHaveLength(8);
    expect(await rows()).toHaveLength(21);
    const { rows: found } = await t.pools.reads.query('select active, gone_at from webhook_subscriptions where id = $1', [
      subscriptionId,
    ]);
    expect(found).toEqual([{ active: false, gone_at: expect.any(Date) }]);
  });

  it('that changes has what is still to be sent go where it points by then, signed with what it says by then', async () => {
    const { rows, update } = await subscribed(() => refusing(429, { retryAfterMs: 3_600_000 }), {
      secret: 'the first of secrets',
    });
    await expect.poll(async () => statuses(await rows())).toEqual(['failed']);
    const elsewhere = receivers.add(() => TAKEN);

    await update({ webhookUrl: elsewhere, secret: 'the second of secrets' });
    await t.pools.reads.query('update webhook_deliveries set next_attempt_at = now() where id = $1', [(await rows())[0]?.id]);
    t.engine.webhookDue();

    await expect.poll(async () => statuses(await rows())).toEqual(['delivered']);
    expect(receivers.at(elsewhere).map(({ signingSecret }) => signingSecret)).toEqual(['the second of secrets']);
  });

  it('that is switched off has what is still to be sent dropped', async () => {
    const { url, rows, update } = await subscribed(() => refusing(429, { retryAfterMs: 3_600_000 }));
    await expect.poll(async () => statuses(await rows())).toEqual(['failed']);

    await update({ active: false });
    await t.pools.reads.query('update webhook_deliveries set next_attempt_at = now() where id = $1', [(await rows())[0]?.id]);
    t.engine.webhookDue();

    await expect.poll(async () => statuses(await rows())).toEqual(['dead']);
    expect(receivers.at(url)).toHaveLength(1);
  });
});

describe('a receiver that never answers', () => {
  it('holds up nobody else, and gets few deliveries at once', async () => {
    const never = Promise.withResolvers<typeof TAKEN>();
    const stalled = await subscribed(() => never.promise, { count: 300 });
    await expect.poll(() => receivers.at(stalled.url)).toHaveLength(8);

    const others = await Promise.all([1, 2, 3].map(() => subscribed(() => TAKEN, { count: 50 })));

    for (const { rows } of others)
      await expect.poll(async () => new Set(statuses(await rows())), { timeout: 5_000 }).toEqual(new Set(['delivered']));
    expect(receivers.at(stalled.url)).toHaveLength(8);
    await stalled.update({ active: false });
    never.resolve(TAKEN);
    await expect
      .poll(async () => new Set(statuses(await stalled.rows())), { timeout: 5_000 })
      .toEqual(new Set(['delivered', 'dead']));
  });

  it('is sent one at a time once it has failed, until it takes one', async () => {
    let underWay = 0;
    let most = 0;
    const { url, rows, send } = await subscribed(async (_message, tries) => {
      underWay++;
      if (tries > 1) most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return tries < 10 ? refusing(500) : TAKEN;
    });
    await expect.poll(() => receivers.at(url).length).toBeGreaterThan(0);
    await send(1);
    await expect.poll(async () => statuses(await rows()).filter((status) => status === 'dead')).toHaveLength(2);

    expect(most).toBe(1);
  });
});

describe('several processes', () => {
  it('send each delivery once', async () => {
    const other = await startTestEngine({
      url: t.url,
      reaperMs: 600_000,
      leaseMs: 600_000,
      post: receivers.post,
      webhookPausesMs,
    });
    const { url, send, rows } = await subscribed(() => TAKEN, { count: 0 });
    const sending = send(300);
    other.engine.webhookDue();
    await sending;
    other.engine.webhookDue();

    await expect
      .poll(async () => statuses(await rows()).filter((status) => status === 'delivered'), { timeout: 10_000 })
      .toHaveLength(300);
    expect(new Set(receivers.at(url).map(({ messageId }) => messageId)).size).toBe(300);
    expect(receivers.at(url)).toHaveLength(300);
    await other.close();
  });

  it('send what one of them stored that sends nothing itself, or no longer', async () => {
    const { url, actor } = await subscribed(() => TAKEN, { count: 0 });
    const api = await startTestEngine({ url: t.url, role: 'api', reaperMs: 600_000, leaseMs: 600_000 });
    t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
    const job = await t.createJob();
    await t.pools.reads.query('update jobs set project_id = $2 where id = $1', [job.id, actor.projectId]);
    const { id } = await triggerRun(actor, { job: job.id }, t.engine.runs);
    const { epoch } = await t.until(id, (row) => row.status === 'executing');

    await completeRun({ kind: 'run', projectId: actor.projectId, runId: id, epoch }, { done: true }, api.engine.runs);

    expect(await deliveriesOf(t, { runId: id })).toHaveLength(1);
    await expect.poll(() => receivers.at(url), { timeout: 3_000 }).toHaveLength(1);
    await api.close();
  });

  it('send again what one of them died with, and hear nothing of its answer', async () => {
    const died = Promise.withResolvers<typeof TAKEN>();
    const { url, rows } = await subscribed((_message, tries) => (tries === 1 ? died.promise : TAKEN));
    await expect.poll(() => receivers.at(url)).toHaveLength(1);
    const [claimed] = await rows();
    expect(claimed).toMatchObject({ status: 'pending', attempts: 1 });

    await t.pools.reads.query('update webhook_deliveries set lease_until = now(), next_attempt_at = now() where id = $1', [
      claimed?.id,
    ]);
    t.engine.webhookDue();
    await expect.poll(async () => statuses(await rows())).toEqual(['delivered']);
    died.resolve(refusing(500));
    await new Promise((resolve) => setImmediate(resolve));

    expect(receivers.at(url).map(({ messageId }) => messageId)).toEqual([claimed?.id, claimed?.id]);
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 2 });
  });
});

describe('a process that stops', () => {
  it('gives back what it could not send, uncounted', async () => {
    const posts: SignedPost[] = [];
    const leaving = await startTestEngine({
      reaperMs: 600_000,
      webhookPausesMs,
      post: (message, signal) =>
        new Promise((resolve) => {
          posts.push(message);
          signal.addEventListener('abort', () => resolve({ ...TAKEN, status: null, fault: 'shutting down' }));
        }),
    });
    const subscriptionId = await subscribe(leaving, 'https://slow.example.com/');
    await enqueueDeliveries(leaving.pools.engine, [{ projectId: 'default', type: 'workflow.completed', body: {} }]);
    leaving.engine.webhookDue();
    await expect.poll(() => posts).toHaveLength(1);

    await leaving.engine.drain(10);

    const [row] = await deliveriesOf(leaving, { subscriptionId });
    expect(row).toMatchObject({ status: 'pending', attempts: 1, forgiven_attempts: 1, lease_until: null });
    expect(row?.next_attempt_at?.getTime()).toBeLessThanOrEqual(Date.now());
    await leaving.close();
  });
});

describe('old deliveries', () => {
  it('are deleted by age once nothing is to be sent, and beyond what is kept of one receiver', async () => {
    const aged = await subscribed(() => TAKEN, { count: 2 });
    const many = await subscribed(() => TAKEN, { count: 7 });
    await expect
      .poll(async () => new Set(statuses([...(await aged.rows()), ...(await many.rows())])))
      .toEqual(new Set(['delivered']));
    const newest = (await many.rows()).slice(-5).map(({ id }) => id);
    const [old, kept] = await aged.rows();
    await t.pools.reads.query(`update webhook_deliveries set created_at = now() - interval '31 days' where id = $1`, [old?.id]);

    const sweep = makeDeliverySweep({ engine: t.pools.engine, maxPerTarget: 5 });
    // Some receivers at each pass, all of them in turn.
    for (let pass = 0; pass < 5; pass++) await sweep.pass();

    expect((await aged.rows()).map(({ id }) => id)).toEqual([kept?.id]);
    expect((await many.rows()).map(({ id }) => id)).toEqual(newest);
  });
});
