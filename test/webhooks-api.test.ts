import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, startTestExecutor, type TestApp, type TestExecutor } from './support/app.ts';

let app: TestApp;
let receiver: TestExecutor;
let otherKey: string;
/** Statuses that the receiver answers, by type of event; 200 for the others. */
const answers = new Map<string, number>();
beforeAll(async () => {
  [app, receiver] = await Promise.all([startTestApp(), startTestExecutor()]);
  receiver.answer((dispatch, res) => res.writeHead(answers.get(typeOf(dispatch)) ?? 200).end('noted'));
  await app.rest('POST', '/v1/projects', { body: { id: 'other', name: 'Other' } });
  otherKey = (await app.rest('POST', '/v1/api-keys', { body: { name: 'Other', project_id: 'other' } })).body.key;
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

/** What a message says has happened. */
const typeOf = ({ payload }: { payload: unknown }): string => (payload as { type?: string } | null)?.type ?? '';
const received = (id: string) => receiver.dispatches.filter(({ headers }) => headers['webhook-id'] === id);

async function subscribe(body: object = {}, key?: string) {
  const answer = await app.rest('POST', '/v1/webhooks/subscriptions', {
    body: { webhook_url: `${receiver.url}hook`, event_types: ['run.completed'], ...body },
    ...(key && { key }),
  });
  expect(answer.status).toBe(201);
  return answer.body;
}

async function until(id: string, status: string) {
  const get = async () => (await app.rest('GET', `/v1/webhooks/deliveries/${id}`)).body;
  await expect.poll(async () => (await get()).status, { timeout: 5_000 }).toBe(status);
  return get();
}

async function test(id: string): Promise<{ id: string; status: string }> {
  const answer = await app.rest('POST', `/v1/webhooks/subscriptions/${id}/test`);
  expect(answer.status).toBe(202);
  return answer.body;
}

describe('a subscription', () => {
  it('shows a secret that was made for it once, and one of its owner never', async () => {
    const made = await subscribe();
    const own = await subscribe({ secret: 'a secret of my own!' });

    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(own.secret).toBeNull();
    const { body: listed } = await app.rest('GET', '/v1/webhooks/subscriptions');
    const { body: changed } = await app.rest('PATCH', `/v1/webhooks/subscriptions/${own.id}`, {
      body: { secret: 'another one of my own' },
    });
    expect(JSON.stringify([listed, changed])).not.toMatch(/secret|whsec/);
    const type = await app.graphql<{ __type: { fields: { name: string }[] } }>(
      '{ __type(name: "WebhookSubscription") { fields { name } } }',
    );
    expect(type.__type.fields.map(({ name }) => name)).not.toContain('secret');
  });

  it('is created, listed, changed and deleted', async () => {
    const { secret: _, ...made } = await subscribe({ event_types: ['run.failed', 'run.completed', 'run.failed'], active: false });

    expect(made).toMatchObject({
      project_id: 'default',
      active: false,
      gone_at: null,
      event_types: ['run.completed', 'run.failed'],
    });
    const { body: changed } = await app.rest('PATCH', `/v1/webhooks/subscriptions/${made.id}`, {
      body: { active: true, event_types: ['run.expired'], webhook_url: 'https://example.com/elsewhere' },
    });
    expect(changed).toEqual({
      ...made,
      active: true,
      event_types: ['run.expired'],
      webhook_url: 'https://example.com/elsewhere',
      updated_at: expect.any(String),
    });
    expect((await app.rest('GET', `/v1/webhooks/subscriptions/${made.id}`)).body).toEqual(changed);
    expect((await app.rest('GET', '/v1/webhooks/subscriptions?limit=1')).body).toEqual([changed]);
    expect((await app.rest('DELETE', `/v1/webhooks/subscriptions/${made.id}`)).status).toBe(204);
    expect((await app.rest('GET', `/v1/webhooks/subscriptions/${made.id}`)).status).toBe(404);
  });

  it.each([
    [{ webhook_url: 'ftp://example.com' }, 'webhook_url: The webhook URL must use http or https.'],
    [{ webhook_url: 'https://user:word@example.com' }, 'webhook_url: The webhook URL must not contain a user name or password.'],
    [{ secret: 'too short' }, 'secret'],
    [{ secret: 'whsec_this is not base64' }, 'secret'],
    [{ secret: 'whsec_c2hvcnQ=c2hvcnQ=' }, 'secret'],
    [{ event_types: [] }, 'event_types'],
    [{ event_types: ['run.started'] }, 'event_types'],
    [{ url: 'https://example.com' }, 'url'],
  ])('is refused with %j', async (wrong, message) => {
    const { status, body } = await app.rest('POST', '/v1/webhooks/subscriptions', {
      body: { webhook_url: 'https://example.com', event_types: ['run.completed'], ...wrong },
    });

    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(JSON.stringify(body)).toContain(message);
  });

  it('is limited in number', async () => {
    const all = await Promise.all(
      Array.from({ length: 105 }, () =>
        app.rest('POST', '/v1/webhooks/subscriptions', {
          key: otherKey,
          body: { webhook_url: 'https://example.com', event_types: ['run.completed'] },
        }),
      ),
    );

    expect(all.filter(({ status }) => status === 201)).toHaveLength(100);
    expect(all.find(({ status }) => status === 409)?.body.error).toMatch(/at most 100 webhook subscriptions/);
  });

  it('is tested by a signed message of its own, sent once', async () => {
    const { id, secret } = await subscribe();

    const delivery = await until((await test(id)).id, 'delivered');

    const [message] = received(delivery.id);
    expect(delivery).toMatchObject({ kind: 'test', event_type: 'webhook.test', subscription_id: id, response_body: 'noted' });
    const headers = message?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(message?.body ?? '', headers)).toMatchObject({
      type: 'webhook.test',
      subscription_id: id,
    });
    await app.rest('PATCH', `/v1/webhooks/subscriptions/${id}`, { body: { active: false } });
    expect(await app.rest('POST', `/v1/webhooks/subscriptions/${id}/test`)).toMatchObject({
      status: 409,
      body: { error: 'the webhook subscription is not active: activate it first' },
    });
  });
});

describe('a delivery', () => {
  it('that is dead is retried as the same message, and refuses that once it is delivered', async () => {
    const { id: subscription } = await subscribe();
    answers.set('webhook.test', 500);
    const { id } = await test(subscription);
    const dead = await until(id, 'dead');
    expect(dead).toMatchObject({ attempts: 1, response_status: 500, error: expect.stringContaining('answered 500') });
    answers.delete('webhook.test');

    const retried = await app.rest('POST', `/v1/webhooks/deliveries/${id}/retry`);
    expect(retried).toMatchObject({ status: 200, body: { id } });
    expect(await until(id, 'delivered')).toMatchObject({ attempts: 2, response_status: 200, error: null });
    expect(received(id)).toHaveLength(2);
    expect(await app.rest('POST', `/v1/webhooks/deliveries/${id}/retry`)).toMatchObject({
      status: 409,
      body: { error: 'only failed and dead webhook deliveries can be retried; this one is delivered' },
    });
  });

  it('is replayed as a new message that names it', async () => {
    const { id: subscription } = await subscribe();
    const { id } = await test(subscription);
    const original = await until(id, 'delivered');

    const { status, body: replay } = await app.rest('POST', `/v1/webhooks/deliveries/${id}/replay`);

    expect(status).toBe(201);
    expect(replay).toMatchObject({ replay_of: id, payload: original.payload });
    expect(replay.id).not.toBe(id);
    await until(replay.id, 'delivered');
    expect(received(replay.id).map(({ payload }) => payload)).toEqual([original.payload]);
    await app.rest('DELETE', `/v1/webhooks/subscriptions/${subscription}`);
    expect((await app.rest('POST', `/v1/webhooks/deliveries/${id}/replay`)).status).toBe(409);
  });

  it('is listed by subscription, run, status and type, page by page', async () => {
    const { id: subscription } = await subscribe();
    const job = `listed-${subscription.slice(-8)}`;
    const { body: made } = await app.rest('POST', '/v1/jobs', {
      body: {
        name: 'A job',
        slug: job,
        endpoint_url: receiver.url,
        webhook_url: `${receiver.url}job`,
        webhook_secret: 'a secret of the job',
      },
    });
    expect(made).toMatchObject({ webhook_url: `${receiver.url}job` });
    expect(made).not.toHaveProperty('webhook_secret');
    const runs = await Promise.all(
      [1, 2, 3].map(async (n) => (await app.rest('POST', `/v1/jobs/${job}/trigger`, { body: { payload: n } })).body.id),
    );
    const list = async (query: string) => app.rest('GET', `/v1/webhooks/deliveries?${query}`);
    await expect
      .poll(async () => (await list(`subscription_id=${subscription}&status=delivered`)).body, { timeout: 5_000 })
      .toHaveLength(3);

    const first = await list(`subscription_id=${subscription}&limit=2`);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await app.rest('GET', next.replace(/^https?:\/\/[^/]+/, ''));
    expect([...first.body, ...second.body].map(({ run_id }) => run_id).sort()).toEqual([...runs].sort());
    const kinds = async (query: string) => (await list(query)).body.map(({ kind }: { kind: string }) => kind).sort();
    expect(await kinds(`run_id=${runs[0]}&event_type=run.completed`)).toEqual(expect.arrayContaining(['job', 'subscription']));
    expect(await kinds(`run_id=${runs[0]}&event_type=run.failed`)).toEqual([]);
    expect(await kinds(`subscription_id=${subscription}&status=dead`)).toEqual([]);
    expect(await kinds('subscription_id=nonsense')).toEqual([]);
    expect((await list('project_id=other')).status).toBe(404);
    const { body: versions } = await app.rest('GET', `/v1/jobs/${job}/versions`);
    expect(JSON.stringify(versions)).not.toContain('a secret of the job');
  });
});

describe('another project', () => {
  it('sees and changes nothing', async () => {
    const { id: subscription } = await subscribe();
    const { id: delivery } = await test(subscription);
    await until(delivery, 'delivered');
    const asOther = (method: string, path: string, body?: object) =>
      app.rest(method, path, { key: otherKey, ...(body && { body }) });

    for (const [method, path, body] of [
      ['GET', `/v1/webhooks/subscriptions/${subscription}`],
      ['PATCH', `/v1/webhooks/subscriptions/${subscription}`, { active: false }],
      ['DELETE', `/v1/webhooks/subscriptions/${subscription}`],
      ['POST', `/v1/webhooks/subscriptions/${subscription}/test`],
      ['GET', `/v1/webhooks/deliveries/${delivery}`],
      ['POST', `/v1/webhooks/deliveries/${delivery}/retry`],
      ['POST', `/v1/webhooks/deliveries/${delivery}/replay`],
    ] as const) {
      expect((await asOther(method, path, body)).status, `${method} ${path}`).toBe(404);
    }
    expect((await asOther('GET', `/v1/webhooks/deliveries?subscription_id=${subscription}`)).body).toEqual([]);
    expect((await asOther('GET', '/v1/webhooks/deliveries')).body).toEqual([]);
    expect((await app.rest('GET', `/v1/webhooks/subscriptions/${subscription}`)).body).toMatchObject({ active: true });
  });
});

describe('private addresses', () => {
  it('are refused in subscriptions and jobs where endpoints on them are', async () => {
    const strict = await startTestApp({ allowPrivateEndpoints: false });
    const good = { webhook_url: 'https://example.com', event_types: ['run.completed'] };
    const { body: made } = await strict.rest('POST', '/v1/webhooks/subscriptions', { body: good });
    const job = { name: 'A job', slug: 'strict', endpoint_url: 'https://example.com' };

    for (const webhook_url of ['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]/', 'http://169.254.169.254/']) {
      const answered = await Promise.all([
        strict.rest('POST', '/v1/webhooks/subscriptions', { body: { ...good, webhook_url } }),
        strict.rest('PATCH', `/v1/webhooks/subscriptions/${made.id}`, { body: { webhook_url } }),
        strict.rest('POST', '/v1/jobs', { body: { ...job, webhook_url } }),
      ]);
      for (const { status, body } of answered) {
        expect([status, body.details]).toEqual([400, [{ path: 'webhook_url', message: expect.stringContaining('not allowed') }]]);
      }
    }
    await strict.close();
  });
});

describe('the metrics', () => {
  it('count attempts by what became of the delivery, and what is still to be delivered', async () => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();

    expect(metrics).toMatch(/^baton_webhook_attempts_total\{outcome="delivered"\} [1-9]/m);
    expect(metrics).toMatch(/^baton_webhook_attempts_total\{outcome="dead"\} [1-9]/m);
    expect(metrics).toMatch(/^baton_webhooks_pending \d+$/m);
    expect(metrics).toMatch(/^baton_webhooks_oldest_pending_seconds [\d.e-]+$/m);
  });
});
