import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import type { SignedPost } from '../src/core/signed-post.ts';
import { type EventNotices, makeEventNotices } from '../src/domain/events/event-notices.ts';
import { sendEvent } from '../src/domain/events/send-event.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';
import { makeAttempt, startExecutor, startPeer, TEST_SECRET } from './support/executor-peer.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ reaperMs: 60_000, leaseMs: 60_000, post: async () => 'nobody is to use the one of the engine' });
  t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
});
afterAll(() => t.close());

let keys = 0;

/** A run that waits for an event, with notices sent by `post`; resolves once the wait has begun. */
async function waitAndTell(post: (message: SignedPost, tries: number) => Promise<string | null>) {
  const posts: SignedPost[] = [];
  const errors: unknown[] = [];
  const notices: EventNotices = makeEventNotices({
    engine: t.pools.engine,
    jobs: t.engine.runs.jobs,
    reports: t.engine.runs.reports,
    policy: { allowPrivate: false },
    post: (message) => {
      posts.push(message);
      return post(message, posts.length);
    },
    onError: (error) => void errors.push(error),
    pausesMs: [1, 1, 1, 1],
  });
  const job = await t.createJob();
  const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
  const { epoch } = await t.until(id, (row) => row.status === 'executing');
  const actor: RunActor = { kind: 'run', projectId: 'default', runId: id, epoch };
  const key = `notice-${++keys}`;
  const wait = await waitForEvent(
    actor,
    { eventKey: key, notifyUrl: 'https://example.com/told' },
    { ...t.engine.runs, eventNotices: notices },
  );
  return { notices, posts, errors, actor, key, wait };
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
    const answer = Promise.withResolvers<null>();
    const { posts, wait, actor, notices } = await waitAndTell(() => answer.promise);

    // The wait has begun although nobody has answered.
    expect(await t.until(actor.runId, () => true)).toMatchObject({ status: 'waiting' });
    expect(await statusOf(wait.triggerId)).toBe('pending');
    answer.resolve(null);
    await expect.poll(() => statusOf(wait.triggerId)).toBe('sent');
    await notices.close();

    expect(posts).toHaveLength(1);
    expect(await linesOf(actor.runId)).toEqual([]);
  });

  it('is tried again, as the same message, until it is taken', async () => {
    const { posts, wait } = await waitAndTell(async (_message, tries) => (tries < 3 ? 'not now' : null));

    await expect.poll(() => statusOf(wait.triggerId)).toBe('sent');

    expect(posts).toHaveLength(3);
    expect(new Set(posts.map((post) => JSON.stringify(post))).size).toBe(1);
  });

  it('is given up after five tries, and the log of the run says so', async () => {
    const { posts, wait, actor, key, errors } = await waitAndTell(async () => 'example.com answered 500 Internal Server Error');

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
    expect(errors).toEqual([]);
  });

  it('is not tried again once the wait is over', async () => {
    const first = Promise.withResolvers<string>();
    const { posts, wait, key, actor, errors } = await waitAndTell(() => first.promise);

    await sendEvent(t.actor, key, { payload: null }, t.engine.runs);
    await t.until(actor.runId, (row) => row.epoch === 2);
    first.resolve('not now');
    await expect.poll(() => statusOf(wait.triggerId)).toBe('failed');

    expect(posts).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('is left alone when the process ends', async () => {
    const { posts, wait, notices, errors } = await waitAndTell(async () => 'not now');

    await notices.close();

    expect(posts.length).toBeLessThanOrEqual(5);
    expect(['pending', 'failed']).toContain(await statusOf(wait.triggerId));
    expect(errors).toEqual([]);
  });

  it.each(['http://127.0.0.1/', 'http://localhost:8080/', 'http://[::1]/', 'https://example.com:22/', 'gopher://example.com/'])(
    'is not sent to %s, and the run does not wait',
    async (notifyUrl) => {
      const { notices } = await waitAndTell(async () => null);
      const actor: RunActor = { kind: 'run', projectId: 'default', runId: '01900000-0000-7000-8000-000000000000', epoch: 1 };

      const waiting = waitForEvent(actor, { eventKey: 'never', notifyUrl }, { ...t.engine.runs, eventNotices: notices });

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

  it('is a signed POST that any 2xx takes', async () => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    expect(await post(`${peer.url}/told?x=1`)).toBeNull();

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

    expect(await post(peer.url)).toMatch(new RegExp(`answered ${status} `));

    expect(peer.received).toHaveLength(1);
  });

  it('says that nobody answered', async () => {
    const peer = await startPeer((response) => response.destroy());

    expect(await post(peer.url)).toMatch(/did not answer: the connection was/);
  });

  it('calls no private address that the policy forbids', async () => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    const fault = await post(peer.url, startExecutor({ policy: { allowPrivate: false } }));

    expect(fault).toMatch(/private addresses are not allowed/);
    expect(peer.received).toEqual([]);
  });

  it('sends nothing once it is closed', async () => {
    const executor = startExecutor();
    await executor.close();

    expect(await post(makeAttempt({ endpointUrl: 'http://127.0.0.1:9/' }).endpointUrl, executor)).toBe(
      'this server is shutting down',
    );
  });
});
