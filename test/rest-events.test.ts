import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createExecutor } from '../src/sdk/entry.ts';
import { waitingRun } from './support/contract-cases-events.ts';
import { type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const pathOf = (key: string, rest = '') => `/v1/events/${encodeURIComponent(key)}${rest}`;

describe('an event', () => {
  it('wakes the run that waits for it, which finds the payload in its state', async () => {
    const run = await waitingRun(world);
    expect(await world.done('GET', `/v1/runs/${run.id}`)).toMatchObject({ status: 'waiting' });

    const sent = await world.rest('POST', pathOf(run.key, '/send'), { body: { payload: { approved: true } } });
    const token = await world.dispatched(run.id, 2);

    expect(sent).toMatchObject({
      status: 200,
      body: { event_key: run.key, job_run_id: run.id, status: 'received', response_payload: { approved: true } },
    });
    expect(sent.body.sent_by).toMatch(/^key:/);
    expect(sent.body.received_at).not.toBeNull();
    const state = `/sdk/v1/runs/${run.id}/state/${encodeURIComponent(`event:${run.key}`)}`;
    expect(await world.done('GET', state, { key: token })).toMatchObject({ value: { approved: true } });
    expect((await world.rest('POST', `/sdk/v1/runs/${run.id}/heartbeat`, { key: run.token })).status).toBe(409);
  });

  it('sent again is answered alike, and another payload is refused', async () => {
    const { key } = await waitingRun(world);
    const send = (body?: object) => world.rest('POST', pathOf(key, '/send'), { body });

    const [first, again, other] = [await send(), await send({ payload: null }), await send({ payload: 1 })];

    expect([first.status, again.status, other.status]).toEqual([200, 200, 409]);
    expect(again.body).toEqual(first.body);
    expect(other.body.error).toBe('event trigger is not in waiting state');
  });

  it.each(['*', '%2F', 'a/b', 'Größe 东西 🚀', 'a b?c#d&e=f+g', 'send', 'prefix', 'stats', '🚀'.repeat(256)])(
    'is known by its key %j, percent-decoded once',
    async (key) => {
      const run = await waitingRun(world, key);

      const sent = await world.rest('POST', pathOf(key, '/send'), { body: { payload: key } });

      expect([sent.status, sent.body.event_key]).toEqual([200, key]);
      await world.dispatched(run.id, 2);
      if (key !== 'stats') expect(await world.done('GET', pathOf(key))).toMatchObject({ event_key: key, status: 'received' });
    },
  );

  it.each([
    ['a NUL', 'a\0b'],
    ['a line break', 'a\nb'],
    ['too many characters', 'k'.repeat(513)],
    ['none', ''],
    ['half a surrogate pair', '\ud800'],
    ['a number', 7],
  ])('has no key with %s', async (_, event_key) => {
    const run = await world.accepted();

    const answer = await world.rest('POST', `/sdk/v1/runs/${run.id}/wait-for-event`, {
      key: run.token,
      body: JSON.stringify({ event_key }),
      headers: { 'content-type': 'application/json' },
    });

    expect(answer.status).toBe(400);
    expect(answer.body.details[0].path).toBe('event_key');
  });

  it.each([
    [{ timeout_secs: 0 }, 'timeout_secs'],
    [{ timeout_secs: 30 * 86_400 + 1 }, 'timeout_secs'],
    [{ notify_url: 'ftp://example.com/' }, 'notify_url'],
    [{ notify_url: 'http://user:pass@example.com/' }, 'notify_url'],
    [{ notify_url: 'nonsense' }, 'notify_url'],
  ])('is not waited for with %j', async (fields, path) => {
    const run = await world.accepted();

    const answer = await world.rest('POST', `/sdk/v1/runs/${run.id}/wait-for-event`, {
      key: run.token,
      body: { event_key: 'never', ...fields },
    });

    expect(answer.status).toBe(400);
    expect(answer.body.details[0].path).toBe(path);
    expect((await world.done('GET', `/v1/runs/${run.id}`)).status).toBe('executing');
  });

  it('of another project is out of reach', async () => {
    const { eventKey, key } = world.other;

    const answers = await Promise.all([
      world.rest('GET', pathOf(eventKey)),
      world.rest('DELETE', pathOf(eventKey)),
      world.rest('POST', pathOf(eventKey, '/send'), { body: {} }),
    ]);
    const byPrefix = await world.done('POST', '/v1/events/prefix/theirs/send', { body: {} });

    expect(answers.map(({ status, body }) => [status, body.error])).toEqual(Array(3).fill([404, 'event trigger not found']));
    expect(byPrefix).toEqual({ resolved: 0, triggers: [] });
    expect(await world.done('GET', pathOf(eventKey), { key })).toMatchObject({ project_id: 'other', status: 'waiting' });
    expect(
      (await world.done('GET', '/v1/events?limit=100')).some((event: { project_id: string }) => event.project_id === 'other'),
    ).toBe(false);
    // Their run that waits, and their workflow that waits for an approval.
    expect(await world.done('GET', '/v1/events/stats', { key })).toMatchObject({ total_count: 2, waiting_count: 2 });
    expect((await world.rest('GET', '/v1/events?project_id=other')).status).toBe(404);
    // The key of one project means nothing in another.
    await waitingRun(world, eventKey);
  });
});

describe('events', () => {
  it('are sent to every key with a prefix', async () => {
    const runs = [await waitingRun(world, 'batch%/1'), await waitingRun(world, 'batch%/2')];
    const spared = await waitingRun(world, 'batchX/3');

    const answer = await world.done('POST', `/v1/events/prefix/${encodeURIComponent('batch%/')}/send`, {
      body: { payload: [1] },
    });

    expect(answer.resolved).toBe(2);
    expect(answer.triggers).toMatchObject([
      { event_key: 'batch%/1', response_payload: [1], job_run_id: runs[0]?.id },
      { event_key: 'batch%/2', status: 'received', job_run_id: runs[1]?.id },
    ]);
    expect((await world.done('GET', `/v1/runs/${spared.id}`)).status).toBe('waiting');
  });

  it('are listed newest first, by status and source, a page at a time', async () => {
    const runs = [];
    for (const name of ['one', 'two', 'three']) runs.push(await waitingRun(world, `list/${name}`));
    await world.done('DELETE', pathOf('list/one'));

    const first = await world.rest('GET', '/v1/events?limit=2');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await world.rest('GET', next);

    expect(first.body.map((event: { event_key: string }) => event.event_key)).toEqual(['list/three', 'list/two']);
    expect(second.body[0]).toMatchObject({ event_key: 'list/one', status: 'canceled', error: 'event trigger canceled' });
    const canceled = await world.done('GET', '/v1/events?status=canceled');
    expect(canceled.map((event: { event_key: string }) => event.event_key)).toEqual(['list/one']);
    expect(await world.done('GET', '/v1/events?source_type=workflow_step')).toEqual([]);
    expect((await world.rest('GET', '/v1/events?status=lost')).status).toBe(400);
    expect(await world.done('GET', `/v1/runs/${runs[0]?.id}`)).toMatchObject({
      status: 'canceled',
      error: 'event trigger canceled',
    });
    expect(await world.done('GET', '/v1/events/stats')).toMatchObject({ canceled_count: 1 });
  });

  it('that come too late find the run timed out', async () => {
    const run = await world.accepted();
    await world.done('POST', `/sdk/v1/runs/${run.id}/wait-for-event`, {
      key: run.token,
      body: { event_key: 'late', timeout_secs: 1 },
    });

    const ended = await world.end(run.id);

    expect(ended).toMatchObject({ status: 'timed_out', error: 'event trigger timed out' });
    expect(await world.done('GET', pathOf('late'))).toMatchObject({
      status: 'timed_out',
      error: 'event trigger timed out',
      received_at: null,
      timeout_secs: 1,
    });
    expect((await world.rest('POST', pathOf('late', '/send'), { body: {} })).status).toBe(409);
  });
});

describe('a notify URL', () => {
  it('is told once, signed with the secret of the job', async () => {
    const told = Promise.withResolvers<{ body: string; headers: Record<string, string> }>();
    let calls = 0;
    const receiver = createServer(async (req, res) => {
      let body = '';
      for await (const chunk of req.setEncoding('utf8')) body += chunk;
      calls += 1;
      res.writeHead(204).end();
      told.resolve({ body, headers: req.headers as Record<string, string> });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void receiver.close());
    const notify_url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/told?by=baton`;
    const secret = (
      await world.done('POST', '/graphql', { body: { query: `{ job(id: "${world.job.slug}") { signingSecret } }` } })
    ).data.job.signingSecret;
    const run = await world.accepted();

    const wait = await world.done('POST', `/sdk/v1/runs/${run.id}/wait-for-event`, {
      key: run.token,
      body: { event_key: 'tell/me', notify_url },
    });
    const { body, headers } = await told.promise;

    expect(new Webhook(secret).verify(body, headers)).toEqual({
      event_key: 'tell/me',
      trigger_id: wait.trigger_id,
      project_id: 'default',
      expires_at: wait.expires_at,
      callback_url: '/v1/events/tell%2Fme/send',
    });
    expect(headers['webhook-id']).toBe(wait.trigger_id);
    await expect.poll(async () => (await world.done('GET', pathOf('tell/me'))).notify_status).toBe('sent');
    expect(await world.done('GET', pathOf('tell/me'))).toMatchObject({ notify_url });
    // The path it was told leads back.
    await world.done('POST', JSON.parse(body).callback_url, { body: { payload: 1 } });
    await world.dispatched(run.id, 2);
    expect(calls).toBe(1);
  });
});

describe('an executor of the SDK', () => {
  it('waits for an event and goes on with its payload', async () => {
    const errors: unknown[] = [];
    const job = await world.createJob({ slug: 'approve' });
    const secret = (await world.done('POST', '/graphql', { body: { query: `{ job(id: "approve") { signingSecret } }` } })).data
      .job.signingSecret;
    const executor = createExecutor(
      { approve: async (ctx) => ({ got: await ctx.waitForEvent(`approve/${ctx.runId}`, { timeoutSecs: 60 }) }) },
      { batonUrl: world.url, secrets: secret, onError: (error) => void errors.push(error) },
    );
    const server = createServer(executor.node);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await executor.close();
      server.close();
    });
    await world.done('PATCH', `/v1/jobs/${job.id}`, {
      body: { endpoint_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
    });

    const { id } = await world.done('POST', '/v1/jobs/approve/trigger', { body: {} });
    await expect.poll(async () => (await world.rest('GET', pathOf(`approve/${id}`))).status).toBe(200);
    await world.done('POST', pathOf(`approve/${id}`, '/send'), { body: { payload: { by: 'Ada' } } });
    const run = await world.end(id);

    expect(run).toMatchObject({ status: 'completed', result: { got: { by: 'Ada' } }, attempt: 1 });
    expect(errors).toEqual([]);
  });
});
