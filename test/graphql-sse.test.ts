import { connect } from 'node:net';
import { EventSource } from 'eventsource';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ADMIN_KEY } from './support/app.ts';
import { openStream, postOf, type RawStream } from './support/event-stream.ts';
import { type AcceptedRun, DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

const FOLLOW = 'subscription ($id: ID!, $after: Int) { runEvents(runId: $id, after: $after) { message toStatus } }';
const PATHS = ['/graphql', '/graphql/stream'];
const BEARER = { authorization: `Bearer ${ADMIN_KEY}` };

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const complete = (run: AcceptedRun) =>
  world.done('POST', `/sdk/v1/runs/${run.id}/complete`, { key: run.token, body: { result: {} } });
const log = (run: AcceptedRun, message: string) =>
  world.done('POST', `/sdk/v1/runs/${run.id}/log`, { key: run.token, body: { message } });

async function follow(path: string, variables: object, more: object = {}): Promise<RawStream> {
  const stream = await openStream(`${world.url}${path}`, postOf(ADMIN_KEY, FOLLOW, { variables, more }));
  onTestFinished(() => stream.close());
  return stream;
}

function subscriptionUrl(path: string, variables: object, query = FOLLOW): string {
  return `${world.url}${path}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
}

describe.each(PATHS)('a subscription over events at %s', (path) => {
  it('speaks at once, gives every event its cursor, and completes after the last', async () => {
    const run = await world.accepted();

    const stream = await follow(path, { id: run.id });
    const first = await stream.nextFrame();
    const told = [await stream.next(), await stream.next(), await stream.next()];
    await complete(run);

    expect(stream.status).toBe(200);
    expect(Object.fromEntries(stream.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    expect(first).toEqual({ comment: true });
    expect(told.map((frame) => [frame?.event, frame?.id])).toEqual([
      ['next', '1'],
      ['next', '2'],
      ['next', '3'],
    ]);
    expect(JSON.parse(told[0]?.data ?? '')).toEqual({ data: { runEvents: { message: 'triggered', toStatus: 'QUEUED' } } });
    expect(await stream.rest()).toEqual([
      { event: 'next', id: '4', data: expect.stringContaining('COMPLETED') },
      { event: 'complete', data: '' },
    ]);
  });

  it('goes on after Last-Event-ID, which is further than the document', async () => {
    const { id } = await world.ended({ payload: DO.complete });

    const whole = await (await follow(path, { id, after: 1 })).rest();
    const rest = await (await follow(path, { id, after: 1 }, { 'last-event-id': '3' })).rest();

    expect(whole.map((frame) => frame.id)).toEqual(['2', '3', '4', undefined]);
    expect(rest.map((frame) => frame.id)).toEqual(['4', undefined]);
  });

  it('answers 204 to an EventSource that comes back when everything is told', async () => {
    const { id } = await world.ended({ payload: DO.complete });
    const headers = { ...BEARER, accept: 'text/event-stream' };

    const [behind, atEnd] = await Promise.all(
      ['3', '4'].map((seen) => fetch(subscriptionUrl(path, { id }), { headers: { ...headers, 'last-event-id': seen } })),
    );

    expect([behind?.status, atEnd?.status]).toEqual([200, 204]);
    await behind?.body?.cancel();
  });

  it('lets a native EventSource follow a run to its end, and then stop by itself', async () => {
    const run = await world.accepted();
    const ids: string[] = [];
    const closed = Promise.withResolvers<void>();
    const source = new EventSource(subscriptionUrl(path, { id: run.id }), {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...BEARER } }),
    });
    onTestFinished(() => source.close());
    source.addEventListener('next', ({ lastEventId }) => {
      ids.push(lastEventId);
      if (lastEventId === '3') void complete(run);
    });
    source.addEventListener('error', () => source.readyState === source.CLOSED && closed.resolve());

    await closed.promise;

    expect(ids).toEqual(['1', '2', '3', '4']);
  });

  it('answers a query in one event, whose reader is not to come back', async () => {
    const query = { query: '{ viewer { projectId } }' };
    const url = `${world.url}${path}?${new URLSearchParams(query)}`;
    const headers = { ...BEARER, accept: 'text/event-stream' };

    const frames = await (await openStream(url, { headers })).rest();
    const again = await fetch(url, { headers: { ...headers, 'last-event-id': 'end' } });

    expect(frames).toEqual([
      { event: 'next', data: '{"data":{"viewer":{"projectId":"default"}}}' },
      { event: 'complete', id: 'end', data: '' },
    ]);
    expect(again.status).toBe(204);
  });
});

describe('the graphql-sse client', () => {
  it.each([
    ['distinct connections', false],
    ['a single connection', true],
  ])('follows runs over %s', async (_mode, singleConnection) => {
    const client = createClient({
      url: `${world.url}/graphql/stream`,
      singleConnection,
      headers: { ...BEARER },
      retryAttempts: 0,
    });
    onTestFinished(() => client.dispose());
    const runs = [await world.accepted(), await world.accepted()];

    const told = runs.map(async ({ id }) => {
      const seen: string[] = [];
      for await (const { data } of client.iterate<{ runEvents: { message: string } }>({ query: FOLLOW, variables: { id } })) {
        if (data) seen.push(data.runEvents.message);
      }
      return seen;
    });
    for (const run of runs) {
      await log(run, 'half');
      await complete(run);
    }

    const story = ['triggered', 'claimed as it was triggered', 'dispatched to the executor', 'half', 'completed'];
    expect(await Promise.all(told)).toEqual([story, story]);
  });

  it('executes queries and mutations over a single connection, and stops what it is told to', async () => {
    const client = createClient({
      url: `${world.url}/graphql/stream`,
      singleConnection: true,
      headers: { ...BEARER },
      retryAttempts: 0,
    });
    onTestFinished(() => client.dispose());
    const run = await world.accepted();
    const subscription = client.iterate({ query: FOLLOW, variables: { id: run.id } });
    await subscription.next();

    const [answer] = await collect(client.iterate({ query: '{ viewer { projectId } }' }));
    await subscription.return?.();

    expect(answer).toEqual({ data: { viewer: { projectId: 'default' } } });
    await expect.poll(() => metric('baton_tails')).toBe(0);
  });
});

describe('a single connection', () => {
  const stream = (
    method: string,
    options: { key?: string; token?: string; query?: string; body?: unknown; accept?: string } = {},
  ) =>
    fetch(`${world.url}/graphql/stream${options.query ?? ''}`, {
      method,
      headers: {
        authorization: `Bearer ${options.key ?? ADMIN_KEY}`,
        ...(options.token && { 'x-graphql-event-stream-token': options.token }),
        ...(options.accept && { accept: options.accept }),
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });

  it('belongs to the key that reserved it', async () => {
    const reserved = await stream('PUT');
    const token = await reserved.text();
    const body = { query: '{ viewer { projectId } }', extensions: { operationId: '1' } };
    const strangers = [world.other.key, await world.keyWith('runs:read')];

    const answers = await Promise.all(
      strangers.flatMap((key) => [
        stream('GET', { key, token, accept: 'text/event-stream' }),
        stream('POST', { key, token, body }),
        stream('DELETE', { key, token, query: '?operationId=1' }),
      ]),
    );

    expect([reserved.status, reserved.headers.get('content-type')]).toEqual([201, 'text/plain; charset=utf-8']);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 404));
  });

  it('takes what the protocol allows and refuses the rest in words', async () => {
    const token = await (await stream('PUT')).text();
    const query = '{ viewer { projectId } }';
    const operate = (extensions?: object) => stream('POST', { token, body: { query, ...(extensions && { extensions }) } });

    const statuses = [
      await operate({ operationId: 'a' }),
      await operate({ operationId: 'a' }),
      await operate(),
      await operate({ operationId: 7 }),
      await stream('POST', { token, body: { query: '{ nothing }', extensions: { operationId: 'b' } } }),
      await stream('DELETE', { token }),
      await stream('DELETE', { token, query: '?operationId=unknown' }),
      await stream('POST', { token: 'unknown', body: { query, extensions: { operationId: 'c' } } }),
    ].map(({ status }) => status);
    const opened = await openStream(`${world.url}/graphql/stream?token=${token}`, {
      headers: { ...BEARER, accept: 'text/event-stream' },
    });
    onTestFinished(() => opened.close());
    const second = await stream('GET', { token, accept: 'text/event-stream' });

    expect(statuses).toEqual([202, 409, 400, 400, 400, 400, 200, 404]);
    expect(second.status).toBe(409);
    expect(await opened.nextFrame()).toEqual({ comment: true });
    expect([await opened.next(), await opened.next()]).toEqual([
      { event: 'next', data: '{"id":"a","payload":{"data":{"viewer":{"projectId":"default"}}}}' },
      { event: 'complete', data: '{"id":"a"}' },
    ]);
  });
});

describe('a reader that stops reading', () => {
  it('costs a page and no more, and is told the rest when it reads again', async () => {
    const run = await world.accepted();
    const message = 'x'.repeat(9_000);
    for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 50 }, () => log(run, message)));
    await complete(run);
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const body = JSON.stringify({ query: FOLLOW, variables: { id: run.id } });
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    socket.pause();
    await expect.poll(() => metric('baton_open_streams{kind="graphql"}')).toBe(1);

    // It has ended, but its story is not told: 4.5 MB are more than any buffer between the two takes.
    await expect.poll(() => metric('baton_tail_lag_seconds')).toBeGreaterThan(0.5);
    expect(await metric('baton_open_streams{kind="graphql"}')).toBe(1);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    socket.resume();

    await expect.poll(() => text.includes('event: complete'), { timeout: 10_000 }).toBe(true);
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(
      Array.from({ length: 504 }, (_, index) => index + 1),
    );
  });
});

describe('streams', () => {
  it('leave nothing behind when their readers leave', async () => {
    const run = await world.accepted();
    const key = await world.keyWith('runs:read', 'stats:read');
    const documents = [
      [FOLLOW, { id: run.id, after: 3 }],
      ['subscription { runChanged { cursor } }', {}],
      ['subscription { queueStats { at } }', {}],
    ] as const;
    const connections = await metric('baton_pool_connections{pool="engine",state="open"}');

    const opened = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const [document, variables] = documents[index % documents.length] ?? documents[0];
        return openStream(`${world.url}${PATHS[index % 2]}`, postOf(key, document, { variables }));
      }),
    );
    await Promise.all(opened.map((stream) => stream.nextFrame()));
    expect(await metric('baton_open_streams{kind="graphql"}')).toBe(200);
    for (const stream of opened) stream.close();

    await expect.poll(() => metric('baton_open_streams{kind="graphql"}')).toBe(0);
    await expect.poll(() => metric('baton_tails')).toBe(0);
    await expect.poll(() => metric('baton_list_followers')).toBe(0);
    expect(await metric('baton_pool_connections{pool="engine",state="open"}')).toBe(connections);
  });

  it('of a key that is revoked end within seconds, and say why', async () => {
    const { id, key } = await world.done('POST', '/v1/api-keys', { body: { name: 'Short', scopes: ['runs:read'] } });
    const run = await world.accepted();
    const variables = { id: run.id, after: 3 };
    const distinct = await openStream(`${world.url}/graphql`, postOf(key, FOLLOW, { variables }));
    const client = createClient({
      url: `${world.url}/graphql/stream`,
      singleConnection: true,
      headers: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
    });
    onTestFinished(() => client.dispose());
    const single = client.iterate({ query: FOLLOW, variables: { ...variables, after: 2 } });
    await single.next();

    const revokedAt = performance.now();
    await world.done('DELETE', `/v1/api-keys/${id}`);

    expect(await distinct.rest()).toEqual([
      { event: 'next', data: expect.stringContaining('UNAUTHENTICATED') },
      { event: 'complete', data: '' },
    ]);
    expect((await single.next()).value).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(performance.now() - revokedAt).toBeLessThan(7_000);
  });
});

/** The value of a metric that the server publishes. */
async function metric(name: string): Promise<number> {
  const { body } = await world.rest('GET', '/metrics', { key: null });
  const line = String(body)
    .split('\n')
    .find((text) => text.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
