import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { BatonError, type Client, createClient, job, type Run, type RunEvent, type TriggeredRun } from '../src/sdk/entry.ts';
import { withRetry } from '../src/sdk/retry.ts';
import { parseSse, type SseMessage } from '../src/sdk/sse.ts';
import { type FakeAnswer, type FakeBaton, latch, type SeenRequest, startFakeBaton } from './support/fake-baton.ts';

type Script = (request: SeenRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

async function setup(script: Script): Promise<{ readonly baton: FakeBaton; readonly client: Client }> {
  const baton = await startFakeBaton(script);
  onTestFinished(() => baton.close());
  return { baton, client: createClient({ url: `${baton.url}/`, apiKey: 'key-1', projectId: 'p1' }) };
}

const run = (status: string, more: object = {}) => ({ status: 200, body: { id: 'run-1', job_id: 'job-1', status, ...more } });

describe('errors', () => {
  it('carry what the server said', async () => {
    const body = { error: 'payload.name: is missing', request_id: 'req-9', details: [{ path: 'payload.name', message: 'is missing' }] };
    const { client } = await setup(() => ({ status: 422, body }));

    const error = await client.runs.get('run-1').catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(BatonError);
    expect(error).toMatchObject({ message: body.error, status: 422, requestId: 'req-9', details: body.details, code: undefined });
  });

  it('understand the other documented shape, and headers', async () => {
    const body = { error: { code: 'not_found', message: 'run not found' } };
    const { client } = await setup(() => ({ status: 404, body, headers: { 'x-request-id': 'req-8' } }));

    await expect(client.runs.get('run-1')).rejects.toMatchObject({ status: 404, code: 'not_found', message: 'run not found', requestId: 'req-8' });
  });

  it('say so when the address is not that of a Baton server', async () => {
    const notBaton: typeof fetch = async () => new Response('<h1>It works!</h1>');
    const client = createClient({ url: 'http://127.0.0.1:1', apiKey: 'k', fetch: notBaton });

    await expect(client.runs.get('run-1')).rejects.toMatchObject({ code: 'INVALID_RESPONSE', message: expect.stringMatching(/not JSON/) });
  });

  it('do not follow a redirect with the key', async () => {
    const { baton, client } = await setup(() => ({ status: 302, headers: { location: '/elsewhere' } }));

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
    const { baton, client } = await setup(({ method }) =>
      method === 'GET' ? { status: 200, body: [{ id: 'x', slug: 'other' }] } : { status: 201, body: { id: 'job-1', slug: 'greet', max_attempts: 2 } },
    );

    const created = await client.jobs.upsert({ slug: 'greet', endpointUrl: 'http://127.0.0.1:9/', maxAttempts: 2, tags: { teamName: 'a' } });

    expect(created).toMatchObject({ id: 'job-1', maxAttempts: 2 });
    expect(baton.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/jobs?project_id=p1&slug=greet', null],
      [
        'POST',
        '/v1/jobs',
        { project_id: 'p1', name: 'greet', slug: 'greet', endpoint_url: 'http://127.0.0.1:9/', max_attempts: 2, tags: { teamName: 'a' } },
      ],
    ]);
    expect(baton.requests[1]?.headers).toMatchObject({ authorization: 'Bearer key-1', 'content-type': 'application/json' });
  });

  it('are updated when they exist, also when somebody else was faster', async () => {
    const lists = [[], [{ id: 'job-1', slug: 'greet' }]];
    const { baton, client } = await setup(({ method }) => {
      if (method === 'GET') return { status: 200, body: lists.shift() };
      return method === 'POST' ? { status: 409, body: { error: 'slug exists' } } : { status: 200, body: { id: 'job-1', slug: 'greet', version: 2 } };
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
    const { baton, client } = await setup(() => ({ status: 200, body: { data: { job: { signingSecret: 'whsec_x' } } } }));

    expect(await client.jobs.signingSecret('greet')).toBe('whsec_x');
    expect(baton.requests[0]).toMatchObject({ path: '/graphql', body: { variables: { id: 'greet' } } });
  });

  it.each([200, 403])('say why they cannot be read when the answer is a %i', async (status) => {
    const body = { errors: [{ message: 'insufficient permissions', extensions: { code: 'FORBIDDEN', requestId: 'r' } }], data: null };
    const { client } = await setup(() => ({ status, body }));

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
    const { baton, client } = await setup(() => triggered);

    const handle = await client.runs.trigger('greet', { name: 'Ada' }, {
      idempotencyKey: 'k-1',
      priority: 5,
      scheduledAt: new Date('2030-01-02T03:04:05Z'),
      tags: { a: 'b' },
      metadata: { userId: '7' },
      ttlSecs: 60,
      concurrencyKey: 'c',
    });

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
    const { baton, client } = await setup(() => answers.shift() ?? triggered);

    await expect(client.runs.trigger('greet', null)).rejects.toMatchObject({ status: 0, code: 'NETWORK' });
    await client.runs.trigger('greet', null, { idempotencyKey: 'k' });

    expect(baton.requests).toHaveLength(3);
  });

  it('is repeated when the server says that it did nothing and when to come back', async () => {
    const answers: FakeAnswer[] = [{ status: 503, headers: { 'retry-after': '0' } }];
    const { baton, client } = await setup(() => answers.shift() ?? triggered);

    await client.runs.trigger('greet', null);

    expect(baton.requests).toHaveLength(2);
  });

  it('takes its types from the job', () => {
    const greet = job({
      slug: 'greet',
      payload: z.object({ name: z.string(), loud: z.boolean().default(false) }),
      result: z.object({ text: z.string() }),
      handler: (ctx) => ({ text: ctx.payload.name }),
    });
    async function use(client: Client): Promise<void> {
      const handle = await client.runs.trigger(greet, { name: 'Ada' });
      expectTypeOf(handle).toEqualTypeOf<TriggeredRun<{ text: string }>>();
      const ended = await client.runs.wait(handle);
      expectTypeOf(ended).toEqualTypeOf<Run<{ text: string }>>();
      expectTypeOf(ended.result).toEqualTypeOf<{ text: string } | null>();
      expectTypeOf(await client.runs.get('some-id')).toEqualTypeOf<Run<unknown>>();
      // @ts-expect-error name is a string
      await client.runs.trigger(greet, { name: 1 });
    }
    expectTypeOf(use).toBeFunction();
  });
});

describe('following a run', () => {
  const wire = (seq: number, more: object = {}) => ({
    seq,
    type: 'LOG',
    level: 'INFO',
    message: `m${seq}`,
    data: null,
    fromStatus: null,
    toStatus: null,
    createdAt: '2030-01-01T00:00:00Z',
    ...more,
  });
  const next = (event: object) => `event: next\nid: 1\ndata: ${JSON.stringify({ data: { runEvents: event } })}\n\n`;
  const ended = wire(3, { type: 'STATE_CHANGE', fromStatus: 'EXECUTING', toStatus: 'COMPLETED' });
  const complete = 'event: complete\ndata:\n\n';

  async function* pieces(...all: string[]): AsyncGenerator<string> {
    yield* all;
  }

  async function collect(events: AsyncIterable<RunEvent>): Promise<number[]> {
    const seqs: number[] = [];
    for await (const event of events) seqs.push(event.seq);
    return seqs;
  }

  it('yields its events in the words of REST and ends with it', async () => {
    const { baton, client } = await setup(() => ({ stream: pieces(':\n\n', next(wire(1)), next(wire(2)), next(ended), next(wire(4))) }));

    const events: RunEvent[] = [];
    for await (const event of client.runs.events('run-1')) events.push(event);

    expect(events).toEqual([
      { ...wire(1), type: 'log', level: 'info' },
      { ...wire(2), type: 'log', level: 'info' },
      { ...ended, type: 'state_change', level: 'info', fromStatus: 'executing', toStatus: 'completed' },
    ]);
    expect(baton.requests[0]).toMatchObject({
      method: 'POST',
      path: '/graphql',
      headers: { accept: 'text/event-stream' },
      body: { query: expect.stringContaining('runEvents'), variables: { runId: 'run-1', after: 0 } },
    });
  });

  it('goes on after the last event it has when the stream breaks, closes or is refused for a moment', async () => {
    const answers: FakeAnswer[] = [
      { stream: pieces(next(wire(1)), next(wire(2))) },
      'drop',
      { status: 503 },
      { stream: pieces(complete) },
      { stream: pieces(next(wire(2)), next(ended)) },
    ];
    const { baton, client } = await setup(({ path }) => (path === '/graphql' ? answers.shift() : run('executing')));

    expect(await collect(client.runs.events('run-1'))).toEqual([1, 2, 3]);

    const subscriptions = baton.requests.filter(({ path }) => path === '/graphql');
    expect(subscriptions.map(({ body }) => (body as { variables: { after: number } }).variables.after)).toEqual([0, 2, 2, 2, 2]);
  });

  it('ends when the stream closes after the end of the run was seen before', async () => {
    const { client } = await setup(({ path }) => (path === '/graphql' ? { stream: pieces(complete) } : run('completed')));

    expect(await collect(client.runs.events('run-1', { after: 3 }))).toEqual([]);
  });

  it('throws what GraphQL refuses', async () => {
    const error = { errors: [{ message: 'run not found', extensions: { code: 'NOT_FOUND', requestId: 'req-1' } }] };
    const inStream = await setup(() => ({ stream: pieces(`event: next\ndata: ${JSON.stringify({ data: null, ...error })}\n\n`, complete) }));
    const asJson = await setup(() => ({ status: 200, body: error }));

    for (const { client } of [inStream, asJson]) {
      await expect(collect(client.runs.events('nope'))).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND', requestId: 'req-1' });
    }
  });

  it('closes the connection when the reader leaves or its signal aborts', async () => {
    const gate = latch();
    async function* endless(): AsyncGenerator<string> {
      yield next(wire(1));
      await gate.promise;
    }
    const { baton, client } = await setup(() => ({ stream: endless() }));
    const aborter = new AbortController();

    for await (const _ of client.runs.events('run-1')) break;
    const reading = collect(
      (async function* () {
        for await (const event of client.runs.events('run-1', { signal: aborter.signal })) {
          yield event;
          aborter.abort(new Error('enough'));
        }
      })(),
    );

    await expect(reading).rejects.toThrow('enough');
    await baton.hungUp(2);
    gate.open();
  });

  it('waits for the end by the event stream', async () => {
    const { baton, client } = await setup(({ path }) =>
      path === '/graphql' ? { stream: pieces(next(ended)) } : run('completed', { result: { n: 1 }, finished_at: 't', execution_trace: { total_ms: 1 } }),
    );

    const result = await client.runs.wait<{ n: number }>({ id: 'run-1', status: 'queued', idempotencyHit: false });

    expect(result).toMatchObject({ status: 'completed', result: { n: 1 }, error: null, startedAt: null, finishedAt: 't' });
    expect(baton.requests.map(({ path }) => path)).toEqual(['/graphql', '/v1/runs/run-1']);
  });

  it('polls where there are no event streams', async () => {
    const states = [run('queued'), run('executing'), run('failed', { error: 'no' })];
    const { client } = await setup(({ path }) => (path === '/graphql' ? { status: 404 } : (states.shift() ?? run('failed', { error: 'no' }))));

    expect(await client.runs.wait('run-1')).toMatchObject({ status: 'failed', result: null, error: 'no' });
  });

  it('stops waiting after its time or on its signal', async () => {
    const gate = latch();
    const { client } = await setup(async () => {
      await gate.promise;
      return undefined;
    });

    await expect(client.runs.wait('run-1', { timeoutMs: 20 })).rejects.toMatchObject({ name: 'BatonError', code: 'TIMEOUT' });
    await expect(client.runs.wait('run-1', { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
    gate.open();
  });

  it('cancels by DELETE', async () => {
    const { baton, client } = await setup(() => ({ status: 204 }));

    await client.runs.cancel('run/1');

    expect(baton.requests[0]).toMatchObject({ method: 'DELETE', path: '/v1/runs/run%2F1' });
  });
});

describe('the event stream parser', () => {
  const encoder = new TextEncoder();
  const text = '\uFEFF: hi\nevent: a\r\ndata: é1\r\ndata:2\rid: 7\r\n\r\ndata\n\nevent: b\n\nretry: 1\ndata:  three\n\ndata: cut off';
  const messages: SseMessage[] = [
    { event: 'a', data: 'é1\n2' },
    { event: 'message', data: '' },
    { event: 'message', data: ' three' },
  ];

  it.each([1, 2, 3, 7, 1_000])('reads the same messages from pieces of %i bytes', async (size) => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const bytes = encoder.encode(text);
      for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
    }

    const read: SseMessage[] = [];
    for await (const message of parseSse(chunks())) read.push(message);

    expect(read).toEqual(messages);
  });
});
