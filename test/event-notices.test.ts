import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import type { PostAnswer, SignedPost } from '../src/core/signed-post.ts';
import { sendEvent } from '../src/domain/events/send-event.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, TAKEN, type TestEngine } from './support/engine.ts';
import { makeAttempt, startExecutor, startPeer, TEST_SECRET } from './support/executor-peer.ts';

let t: TestEngine;
/** Plays the receivers, by URL: each test has one of its own. */
const receivers = new Map<string, (message: SignedPost) => Promise<PostAnswer>>();
beforeAll(async () => {
  const pausesMs = [1, 1, 1, 1];
  t = await startTestEngine({
    reaperMs: 60_000,
    leaseMs: 60_000,
    allowPrivate: false,
    webhookPausesMs: { subscription: [], job: [], test: [], event_notice: pausesMs, batch_callback: [] },
    post: async (message) => receivers.get(message.url)?.(message) ?? TAKEN,
  });
  t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
});
afterAll(() => t.close());

const refusing = (fault: string, status = 500): PostAnswer => ({ ...TAKEN, fault, status });

let keys = 0;

/** A run that waits for an event, with notices sent by `post`; resolves once the wait has begun. */
async function waitAndTell(post: (message: SignedPost, tries: number) => Promise<PostAnswer>) {
  const posts: SignedPost[] = [];
  const key = `notice/${++keys}`;
  const notifyUrl = `https://example.com/told/${keys}`;
  receivers.set(notifyUrl, (message) => {
    posts.push(message);
    return post(message, posts.length);
  });
  const job = await t.createJob();
  const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
  const { epoch } = await t.until(id, (row) => row.status === 'executing');
  const actor: RunActor = { kind: 'run', projectId: 'default', runId: id, epoch };
  const wait = await waitForEvent(actor, { eventKey: key, notifyUrl }, t.engine.runs);
  return { posts, actor, key, wait };
}

async function statusOf(triggerId: string): Promise<string> {
  const { rows } = await t.pools.reads.query('select notify_status from waits where id = $1', [triggerId]);
  return rows[0].notify_status;
}

async function linesOf(runId: string): Promise<{ level: string; message: string; data: unknown }[]> {
  const { rows } = await t.pools.reads.query(`select level, message, data from run_events where run_id = $1 and type = 'log'`, [
    runId,
  ]);
  return rows;
}

describe('a notice', () => {
  it('does not hold up the wait, and is sent once when it is taken', async () => {
    const answer = Promise.withResolvers<PostAnswer>();
    const { posts, wait, actor, key } = await waitAndTell(() => answer.promise);

    // The wait has begun although nobody has answered.
    expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'waiting' });
    expect(await statusOf(wait.triggerId)).toBe('pending');
    answer.resolve(TAKEN);
    await expect.poll(() => statusOf(wait.triggerId)).toBe('sent');

    expect(posts).toHaveLength(1);
    expect(posts[0]?.messageId).toBe(wait.triggerId);
    expect(JSON.parse(posts[0]?.body ?? '')).toEqual({
      event_key: key,
      trigger_id: wait.triggerId,
      project_id: 'default',
      expires_at: wait.expiresAt.toISOString(),
      callback_url: `/v1/events/${encodeURIComponent(key)}/send`,
    });
    expect(await linesOf(actor.runId)).toEqual([]);
  });

  it('is tried again, as the same message, until it is taken', async () => {
    const { posts, wait } = await waitAndTell(async (_message, tries) => (tries < 3 ? refusing('not now') : TAKEN));

    await expect.poll(() => statusOf(wait.triggerId)).toBe('sent');

    expect(posts).toHaveLength(3);
    expect(new Set(posts.map((post) => JSON.stringify(post))).size).toBe(1);
  });

  it('is given up after five tries, and the log of the run says so', async () => {
    const { posts, wait, actor, key } = await waitAndTell(async () => refusing('example.com answered 500 Internal Server Error'));

    await expect.poll(() => linesOf(actor.runId)).toHaveLength(1);

    expect(posts).toHaveLength(5);
    expect(await statusOf(wait.triggerId)).toBe('failed');
    expect(await linesOf(actor.runId)).toEqual([
      {
        level: 'warn',
        message: 'nobody could be told that this run waits for an event: example.com answered 500 Internal Server Error',
        data: { event_key: key },
      },
    ]);
    // The run waits on.
    expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'waiting' });
  });

  it('is not tried again once the wait is over', async () => {
    const first = Promise.withResolvers<PostAnswer>();
    const { posts, wait, key, actor } = await waitAndTell(() => first.promise);
    await expect.poll(() => posts).toHaveLength(1);

    await sendEvent(t.actor, key, { payload: null }, t.engine.runs);
    await t.until(actor.runId, (row) => row.epoch === 2);
    first.resolve(refusing('not now'));
    await expect.poll(() => statusOf(wait.triggerId)).toBe('failed');

    expect(posts).toHaveLength(1);
    expect(await linesOf(actor.runId)).toEqual([]);
  });

  it('is sent by another process when its own ends', async () => {
    const killed = Promise.withResolvers<PostAnswer>();
    const { posts, wait } = await waitAndTell((_message, tries) => (tries === 1 ? killed.promise : Promise.resolve(TAKEN)));
    await expect.poll(() => posts).toHaveLength(1);

    // A process that dies leaves its claim behind, until its lease is over.
    await t.pools.reads.query(
      `update webhook_deliveries set lease_until = now(), next_attempt_at = now() where id = $1 and lease_until is not null`,
      [wait.triggerId],
    );
    await expect.poll(() => statusOf(wait.triggerId)).toBe('sent');
    killed.resolve(refusing('too late to say'));

    expect(posts.map(({ messageId }) => messageId)).toEqual([wait.triggerId, wait.triggerId]);
    expect(await statusOf(wait.triggerId)).toBe('sent');
  });

  it.each(['http://127.0.0.1/', 'http://localhost:8080/', 'http://[::1]/', 'https://example.com:22/', 'gopher://example.com/'])(
    'is not sent to %s, and the run does not wait',
    async (notifyUrl) => {
      const actor: RunActor = { kind: 'run', projectId: 'default', runId: '01900000-0000-7000-8000-000000000000', epoch: 1 };

      const waiting = waitForEvent(actor, { eventKey: 'never', notifyUrl }, t.engine.runs);

      await expect(waiting).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/^notify_url: The notify URL must/),
      });
    },
  );
});

describe('posting a message', () => {
  const message = { body: '{"a":1}', messageId: 'm-1', signingSecret: TEST_SECRET };
  const post = (url: string, executor = startExecutor()) => executor.post({ ...message, url }, new AbortController().signal);
  const faultOf = async (...args: Parameters<typeof post>) => (await post(...args)).fault;

  it('is a signed POST that any 2xx takes', async () => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    expect(await post(`${peer.url}/told?x=1`)).toEqual({ ...TAKEN, status: 204 });

    expect(peer.received[0]?.message).toMatchObject({ method: 'POST', url: '/told?x=1' });
    expect(peer.received[0]?.message.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'm-1',
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(peer.received[0]?.body).toBe('{"a":1}');
  });

  it.each([[302], [404], [500]])('says that %i is no success', async (status) => {
    const peer = await startPeer((response) => response.writeHead(status, { location: '/elsewhere' }).end('private words'));

    expect(await post(peer.url)).toMatchObject({
      fault: expect.stringMatching(new RegExp(`answered ${status} `)),
      status,
      excerpt: 'private words',
    });

    expect(peer.received).toHaveLength(1);
  });

  it('says that nobody answered', async () => {
    const peer = await startPeer((response) => response.destroy());

    expect(await faultOf(peer.url)).toMatch(/did not answer: the connection was/);
  });

  it('calls no private address that the policy forbids', async () => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    const answer = await post(peer.url, startExecutor({ policy: { allowPrivate: false } }));

    expect(answer).toMatchObject({ fault: expect.stringMatching(/private addresses are not allowed/), blocked: true });
    expect(peer.received).toEqual([]);
  });

  it('sends nothing once it is closed', async () => {
    const executor = startExecutor();
    await executor.close();

    expect(await faultOf(makeAttempt({ endpointUrl: 'http://127.0.0.1:9/' }).endpointUrl, executor)).toBe(
      'this server is shutting down',
    );
  });
});
