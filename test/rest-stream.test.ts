import { connect } from 'node:net';
import { EventSource } from 'eventsource';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestAnswer, RestOptions } from './support/app.ts';
import { type AcceptedRun, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const tell = (run: AcceptedRun, route: string, body: object = {}) =>
  world.done('POST', `/sdk/v1/runs/${run.id}/${route}`, { key: run.token, body });

/** The frames of an answer: id and parsed data. */
function frames({ body }: Pick<RestAnswer, 'body'>): { id: string | undefined; data: Record<string, unknown> }[] {
  const texts = String(body)
    .split('\n\n')
    .filter((text) => text.includes('data: '));
  return texts.map((text) => ({
    id: /^id: (.*)$/m.exec(text)?.[1],
    data: JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? ''),
  }));
}

const ids = (answer: RestAnswer) => frames(answer).map(({ id }) => id);
const texts = (answer: RestAnswer) => frames(answer).map(({ data }) => data['chunk']);
const follow = (run: { readonly id: string }, path = 'stream', options?: RestOptions) =>
  world.rest('GET', `/v1/runs/${run.id}/${path}`, options);

describe('GET /v1/runs/{id}/stream', () => {
  it('sends what was and what comes in the documented messages, and closes after the last', async () => {
    const run = await world.accepted();
    await tell(run, 'log', { message: 'half', level: 'warn', data: { done: 50 } });
    await tell(run, 'stream', { chunk: 'not for this stream' });
    const { job_id } = await world.done('GET', `/v1/runs/${run.id}`);

    const following = follow(run);
    await tell(run, 'fail', { error: 'no more' });
    const answer = await following;

    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(answer.body.startsWith(':\n\n')).toBe(true);
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    const change = { type: 'status_change', run_id: run.id, job_id, project_id: 'default', timestamp };
    expect(frames(answer)).toEqual([
      { id: '1', data: { ...change, from: null, to: 'queued' } },
      { id: '2', data: { ...change, from: 'queued', to: 'dequeued' } },
      { id: '3', data: { ...change, from: 'dequeued', to: 'executing' } },
      {
        id: '4',
        data: { type: 'event', event_type: 'log', run_id: run.id, level: 'warn', message: 'half', data: { done: 50 }, timestamp },
      },
      { id: '6', data: { ...change, from: 'executing', to: 'failed', error: 'no more' } },
    ]);
  });

  it('goes on after Last-Event-ID, which counts more than ?after', async () => {
    const run = await world.accepted();
    await tell(run, 'log', { message: 'four' });
    await tell(run, 'complete');

    expect(ids(await follow(run, 'stream?after=3'))).toEqual(['4', '5']);
    expect(ids(await follow(run, 'stream?after=0', { headers: { 'last-event-id': '4' } }))).toEqual(['5']);
  });

  it.each(['stream', 'stream/chunks'])(
    'answers 410 on /%s of a run that is over, unless there is something left',
    async (path) => {
      const run = await world.accepted();
      await tell(run, 'stream', { chunks: ['a', 'b'] });
      await tell(run, 'complete');
      const last = path === 'stream' ? '5' : '4.2';

      expect((await follow(run, path)).body).toMatchObject({ error: 'run already in terminal state' });
      expect((await follow(run, path)).status).toBe(410);
      expect((await follow(run, `${path}?after=${last}`)).status).toBe(410);
      expect((await follow(run, path, { headers: { 'last-event-id': last } })).status).toBe(410);
      expect(ids(await follow(run, `${path}?after=0`)).at(-1)).toBe(last);
    },
  );

  it.each(['stream', 'stream/chunks'])('refuses on /%s what is no cursor', async (path) => {
    const run = await world.accepted();

    const answers = [
      await follow(run, path, { headers: { 'last-event-id': 'x' } }),
      await follow(run, `${path}?after=x`),
      await follow(run, `${path}?after=99999999999999`),
    ];

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(answers[0]?.body.error).toMatch(/^Last-Event-ID must be the id of an? (event|message)$/);
  });
});

describe('GET /v1/runs/{id}/stream/chunks', () => {
  it('sends the pieces as they were pushed, of all streams or of one, and goes on after each', async () => {
    const run = await world.accepted();
    await tell(run, 'stream', { chunk: 'Hel' });
    const following = follow(run, 'stream/chunks');
    await tell(run, 'stream', { chunks: ['lo', '!'], done: true });
    await tell(run, 'stream', { chunk: 'aside', stream_id: 'b' });
    await tell(run, 'stream', {});
    await tell(run, 'complete');
    const answer = await following;

    const timestamp = expect.any(String);
    expect(frames(answer)).toEqual([
      { id: '4.1', data: { type: 'stream_chunk', chunk: 'Hel', stream_id: 'default', done: false, timestamp } },
      { id: '5.1', data: { type: 'stream_chunk', chunk: 'lo', stream_id: 'default', done: false, timestamp } },
      { id: '5.2', data: { type: 'stream_chunk', chunk: '!', stream_id: 'default', done: true, timestamp } },
      { id: '6.1', data: { type: 'stream_chunk', chunk: 'aside', stream_id: 'b', done: false, timestamp } },
      { id: '7.1', data: { type: 'stream_chunk', chunk: '', stream_id: 'default', done: false, timestamp } },
    ]);
    expect(texts(await follow(run, 'stream/chunks?stream_id=b&after=0'))).toEqual(['aside']);
    expect(ids(await follow(run, 'stream/chunks', { headers: { 'last-event-id': '5.1' } }))).toEqual(['5.2', '6.1', '7.1']);
  });
});

describe('POST /sdk/v1/runs/{id}/stream', () => {
  it('keeps the order of requests that are sent on one connection without waiting for answers', async () => {
    const run = await world.accepted();
    const pieces = Array.from({ length: 200 }, (_, index) => `${index} `);
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');

    for (const chunk of pieces) {
      const body = JSON.stringify({ chunk });
      socket.write(
        `POST /sdk/v1/runs/${run.id}/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${run.token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    }
    let answered = 0;
    for await (const data of socket.setEncoding('utf8')) {
      answered += String(data).split('HTTP/1.1 200 OK').length - 1;
      if (answered >= pieces.length) break;
    }
    await tell(run, 'complete');

    expect(texts(await follow(run, 'stream/chunks?after=0'))).toEqual(pieces);
  });
});

describe('a stream token', () => {
  const mint = async (run: { readonly id: string }): Promise<string> =>
    (await world.done('POST', '/v1/sse-token', { body: { run_id: run.id } })).token;

  it('opens both streams of its run, from a page of any origin, for five minutes', async () => {
    const run = await world.accepted();
    await tell(run, 'stream', { chunk: 'a' });
    await tell(run, 'complete');
    const { token, expires_at } = await world.done('POST', '/v1/sse-token', { body: { run_id: run.id } });

    const events = await follow(run, `stream?after=0&token=${token}`, { key: null });
    const chunks = await follow(run, `stream/chunks?after=0&token=${token}`, { key: null });

    expect([events.status, chunks.status]).toEqual([200, 200]);
    expect(events.headers.get('access-control-allow-origin')).toBe('*');
    expect(texts(chunks)).toEqual(['a']);
    const lifetimeMs = Date.parse(expires_at) - Date.now();
    expect(lifetimeMs).toBeGreaterThan(4 * 60_000);
    expect(lifetimeMs).toBeLessThanOrEqual(5 * 60_000);
    expect((await follow(run, 'stream?after=0')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('opens nothing else', async () => {
    const [run, other] = [await world.accepted(), await world.accepted()];
    const token = await mint(run);
    const forged = await new SignJWT({ pid: 'default' })
      .setProtectedHeader({ alg: 'HS256', typ: 'stream+jwt' })
      .setIssuer('baton')
      .setAudience('baton-stream')
      .setSubject(run.id)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode('a signing secret for tests, long enough'));
    const status = async (path: string, key: string | null = null, method = 'GET') =>
      (await world.rest(method, path, { key })).status;

    expect(await status(`/v1/runs/${other.id}/stream?token=${token}`)).toBe(403);
    expect(await status(`/v1/runs/${run.id}/events?token=${token}`)).toBe(401);
    expect(await status(`/v1/runs/${run.id}`, token)).toBe(401);
    expect(await status(`/sdk/v1/runs/${run.id}/payload`, token)).toBe(401);
    expect(await status(`/v1/runs/${run.id}/stream`, token)).toBe(401);
    expect(await status(`/v1/runs/${run.id}/stream?token=${run.token}`)).toBe(401);
    expect(await status(`/v1/runs/${run.id}/stream?token=${forged}`)).toBe(401);
    expect(await status(`/v1/runs/${run.id}/stream?token=`)).toBe(401);
    // Who brings a bad token is not let in by a good key.
    expect(await status(`/v1/runs/${run.id}/stream?token=x`, await world.keyWith('runs:read'))).toBe(401);
  });

  it('is made for runs of the own project alone', async () => {
    const answer = await world.rest('POST', '/v1/sse-token', { body: { run_id: world.other.runId } });

    expect([answer.status, answer.body.error]).toEqual([404, 'run not found']);
  });

  it('lets an EventSource follow a run to its end, and stop then', async () => {
    const run = await world.accepted();
    const source = new EventSource(`${world.url}/v1/runs/${run.id}/stream/chunks?token=${await mint(run)}`);
    const seen: string[] = [];
    const ended = Promise.withResolvers<number | undefined>();
    source.onmessage = ({ data, lastEventId }) => {
      seen.push(`${lastEventId} ${JSON.parse(data).chunk}`);
      if (seen.length === 1) void tell(run, 'stream', { chunk: 'b', done: true }).then(() => tell(run, 'complete'));
    };
    // The first error is the end of the stream, after which it asks again; the second is the refusal that stops it.
    source.onerror = ({ code }) => {
      if (source.readyState === source.CLOSED) ended.resolve(code);
    };
    await tell(run, 'stream', { chunk: 'a' });

    expect(await ended.promise).toBe(410);
    expect(seen).toEqual(['4.1 a', '5.1 b']);
  });
});
