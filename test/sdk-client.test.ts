import { describe, expect, it } from 'vitest';
import { BatonError, createClient } from '../src/sdk/entry.ts';
import { withRetry } from '../src/sdk/retry.ts';
import type { FakeAnswer } from './support/fake-baton.ts';
import { setupClient } from './support/sdk-setup.ts';

describe('errors', () => {
  it('carry what the server said', async () => {
    const body = {
      error: 'payload.name: is missing',
      request_id: 'req-9',
      details: [{ path: 'payload.name', message: 'is missing' }],
    };
    const { client } = await setupClient(() => ({ status: 422, body }));

    const error = await client.runs.get('run-1').catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(BatonError);
    expect(error).toMatchObject({ message: body.error, status: 422, requestId: 'req-9', details: body.details, code: undefined });
  });

  it('understand the other documented shape, and headers', async () => {
    const body = { error: { code: 'not_found', message: 'run not found' } };
    const { client } = await setupClient(() => ({ status: 404, body, headers: { 'x-request-id': 'req-8' } }));

    await expect(client.runs.get('run-1')).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
      message: 'run not found',
      requestId: 'req-8',
    });
  });

  it('say so when the address is not that of a Baton server', async () => {
    const notBaton: typeof fetch = async () => new Response('<h1>It works!</h1>');
    const client = createClient({ url: 'http://127.0.0.1:1', apiKey: 'k', fetch: notBaton });

    await expect(client.runs.get('run-1')).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: expect.stringMatching(/not JSON/),
    });
  });

  it.each([{ debounced: true, fire_at: '2030-01-01T00:00:00Z' }, { buffered: true }])(
    'say so when a trigger was taken on and has no run yet: %j',
    async (body) => {
      const { client } = await setupClient(() => ({ status: 202, body }));

      await expect(client.runs.trigger('digest', {})).rejects.toMatchObject({ status: 202, code: 'DEFERRED' });
    },
  );

  it('do not follow a redirect with the key', async () => {
    const { baton, client } = await setupClient(() => ({ status: 302, headers: { location: '/elsewhere' } }));

    await expect(client.runs.get('run-1')).rejects.toMatchObject({ status: 302 });
    expect(baton.requests).toHaveLength(1);
  });
});

describe('retrying', () => {
  const unavailable = new BatonError('away', { status: 503 });

  async function retry(errors: unknown[], budgetMs: number): Promise<{ readonly outcome: unknown; readonly slept: number[] }> {
    const slept: number[] = [];
    let now = 0;
    const clock = {
      now: () => now,
      random: () => 1,
      sleep: async (ms: number) => {
        slept.push(ms);
        now += ms;
      },
    };
    const attempt = async () => {
      const error = errors.shift();
      if (error) throw error;
      return 'done';
    };
    const policy = { budgetMs, clock, retries: (error: BatonError) => error.status === 503 };
    return { outcome: await withRetry(attempt, policy).catch((error: unknown) => error), slept };
  }

  it('waits longer each time, up to ten seconds, and as long as Retry-After asks', async () => {
    const asked = new BatonError('busy', { status: 503, retryAfterMs: 30_000 });

    expect(await retry([...Array(7).fill(unavailable), asked], 120_000)).toEqual({
      outcome: 'done',
      slept: [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 30_000],
    });
  });

  it('gives up when the next try would come after the budget, with the last error', async () => {
    expect(await retry(Array(9).fill(unavailable), 1_000)).toEqual({ outcome: unavailable, slept: [200, 400] });
  });

  it('passes on at once what another try cannot mend', async () => {
    const refused = new BatonError('no', { status: 400 });
    const bug = new TypeError('x is not a function');

    expect(await retry([refused], 1_000)).toEqual({ outcome: refused, slept: [] });
    expect(await retry([bug], 1_000)).toEqual({ outcome: bug, slept: [] });
  });
});

describe('jobs', () => {
  it('are created when the slug is new', async () => {
    const { baton, client } = await setupClient(({ method }) =>
      method === 'GET'
        ? { status: 200, body: [{ id: 'x', slug: 'other' }] }
        : { status: 201, body: { id: 'job-1', slug: 'greet', max_attempts: 2 } },
    );

    const created = await client.jobs.upsert({
      slug: 'greet',
      endpointUrl: 'http://127.0.0.1:9/',
      maxAttempts: 2,
      tags: { teamName: 'a' },
    });

    expect(created).toMatchObject({ id: 'job-1', maxAttempts: 2 });
    expect(baton.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/jobs?project_id=p1&slug=greet', null],
      [
        'POST',
        '/v1/jobs',
        {
          project_id: 'p1',
          name: 'greet',
          slug: 'greet',
          endpoint_url: 'http://127.0.0.1:9/',
          max_attempts: 2,
          tags: { teamName: 'a' },
        },
      ],
    ]);
    expect(baton.requests[1]?.headers).toMatchObject({ authorization: 'Bearer key-1', 'content-type': 'application/json' });
  });

  it('are updated when they exist, also when somebody else was faster', async () => {
    const lists = [[], [{ id: 'job-1', slug: 'greet' }]];
    const { baton, client } = await setupClient(({ method }) => {
      if (method === 'GET') return { status: 200, body: lists.shift() };
      return method === 'POST'
        ? { status: 409, body: { error: 'slug exists' } }
        : { status: 200, body: { id: 'job-1', slug: 'greet', version: 2 } };
    });

    const updated = await client.jobs.upsert({ slug: 'greet', name: 'Greet', endpointUrl: 'http://127.0.0.1:9/' });

    expect(updated.version).toBe(2);
    expect(baton.requests.at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/v1/jobs/job-1',
      body: { name: 'Greet', endpoint_url: 'http://127.0.0.1:9/' },
    });
  });
});

describe('signing secrets', () => {
  it('are read for the executor', async () => {
    const { baton, client } = await setupClient(() => ({ status: 200, body: { data: { job: { signingSecret: 'whsec_x' } } } }));

    expect(await client.jobs.signingSecret('greet')).toBe('whsec_x');
    expect(baton.requests[0]).toMatchObject({ path: '/graphql', body: { variables: { id: 'greet' } } });
  });

  it.each([200, 403])('say why they cannot be read when the answer is a %i', async (status) => {
    const body = {
      errors: [{ message: 'insufficient permissions', extensions: { code: 'FORBIDDEN', requestId: 'r' } }],
      data: null,
    };
    const { client } = await setupClient(() => ({ status, body }));

    await expect(client.jobs.signingSecret('greet')).rejects.toMatchObject({
      message: 'insufficient permissions',
      status: 403,
      code: 'FORBIDDEN',
      requestId: 'r',
    });
  });
});

describe('triggering', () => {
  const triggered = { status: 201, body: { id: 'run-1', status: 'queued', idempotency_hit: false } };

  it('sends payload and options as documented', async () => {
    const { baton, client } = await setupClient(() => triggered);

    const handle = await client.runs.trigger(
      'greet',
      { name: 'Ada' },
      {
        idempotencyKey: 'k-1',
        priority: 5,
        scheduledAt: new Date('2030-01-02T03:04:05Z'),
        tags: { a: 'b' },
        metadata: { userId: '7' },
        ttlSecs: 60,
        concurrencyKey: 'c',
      },
    );

    expect(handle).toEqual({ id: 'run-1', status: 'queued', idempotencyHit: false });
    expect(baton.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/jobs/greet/trigger',
      headers: { 'idempotency-key': 'k-1' },
      body: {
        payload: { name: 'Ada' },
        priority: 5,
        scheduled_at: '2030-01-02T03:04:05.000Z',
        tags: { a: 'b' },
        metadata: { userId: '7' },
        ttl_secs: 60,
        concurrency_key: 'c',
      },
    });
    expect(Object.keys(baton.requests[0]?.body as object)).not.toContain('idempotency_key');
  });

  it('is repeated after a lost answer only under an idempotency key', async () => {
    const answers: FakeAnswer[] = ['drop', 'drop'];
    const { baton, client } = await setupClient(() => answers.shift() ?? triggered);

    await expect(client.runs.trigger('greet', null)).rejects.toMatchObject({ status: 0, code: 'NETWORK' });
    await client.runs.trigger('greet', null, { idempotencyKey: 'k' });

    expect(baton.requests).toHaveLength(3);
  });

  it('is repeated when the server says that it did nothing and when to come back', async () => {
    const answers: FakeAnswer[] = [{ status: 503, headers: { 'retry-after': '0' } }];
    const { baton, client } = await setupClient(() => answers.shift() ?? triggered);

    await client.runs.trigger('greet', null);

    expect(baton.requests).toHaveLength(2);
  });
});
