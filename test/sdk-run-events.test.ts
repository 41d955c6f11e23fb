import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../src/sdk/entry.ts';
import { parseSse, type SseMessage } from '../src/sdk/sse.ts';
import { type FakeAnswer, latch } from './support/fake-baton.ts';
import { setupClient } from './support/sdk-setup.ts';

/** What `GET /v1/runs/{id}` answers for a run. */
const run = (status: string, more: object = {}) => ({ status: 200, body: { id: 'run-1', job_id: 'job-1', status, ...more } });

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
    const { baton, client } = await setupClient(() => ({
      stream: pieces(':\n\n', next(wire(1)), next(wire(2)), next(ended), next(wire(4))),
    }));

    const events: RunEvent[] = [];
    for await (const event of client.runs.watch('run-1')) events.push(event);

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
    const { baton, client } = await setupClient(({ path }) => (path === '/graphql' ? answers.shift() : run('executing')));

    expect(await collect(client.runs.watch('run-1'))).toEqual([1, 2, 3]);

    const subscriptions = baton.requests.filter(({ path }) => path === '/graphql');
    expect(subscriptions.map(({ body }) => (body as { variables: { after: number } }).variables.after)).toEqual([0, 2, 2, 2, 2]);
  });

  it('ends when the stream closes after the end of the run was seen before', async () => {
    const { client } = await setupClient(({ path }) => (path === '/graphql' ? { stream: pieces(complete) } : run('completed')));

    expect(await collect(client.runs.watch('run-1', { after: 3 }))).toEqual([]);
  });

  it('throws what GraphQL refuses', async () => {
    const error = { errors: [{ message: 'run not found', extensions: { code: 'NOT_FOUND', requestId: 'req-1' } }] };
    const inStream = await setupClient(() => ({
      stream: pieces(`event: next\ndata: ${JSON.stringify({ data: null, ...error })}\n\n`, complete),
    }));
    const asJson = await setupClient(() => ({ status: 200, body: error }));

    for (const { client } of [inStream, asJson]) {
      await expect(collect(client.runs.watch('nope'))).rejects.toMatchObject({
        status: 404,
        code: 'NOT_FOUND',
        requestId: 'req-1',
      });
    }
  });

  it('closes the connection when the reader leaves or its signal aborts', async () => {
    const gate = latch();
    async function* endless(): AsyncGenerator<string> {
      yield next(wire(1));
      await gate.promise;
    }
    const { baton, client } = await setupClient(() => ({ stream: endless() }));
    const aborter = new AbortController();

    for await (const _ of client.runs.watch('run-1')) break;
    const reading = collect(
      (async function* () {
        for await (const event of client.runs.watch('run-1', { signal: aborter.signal })) {
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
    const { baton, client } = await setupClient(({ path }) =>
      path === '/graphql'
        ? { stream: pieces(next(ended)) }
        : run('completed', { result: { n: 1 }, finished_at: 't', execution_trace: { total_ms: 1 } }),
    );

    const result = await client.runs.wait<{ n: number }>({ id: 'run-1', status: 'queued', idempotencyHit: false });

    expect(result).toMatchObject({ status: 'completed', result: { n: 1 }, error: null, startedAt: null, finishedAt: 't' });
    expect(baton.requests.map(({ path }) => path)).toEqual(['/graphql', '/v1/runs/run-1']);
  });

  it('asks for some types and levels alone', async () => {
    const { baton, client } = await setupClient(() => ({ stream: pieces(next(ended)) }));

    for await (const _ of client.runs.watch('run-1', { types: ['log', 'state_change'], levels: ['warn'] }));

    expect(baton.requests[0]?.body).toMatchObject({ variables: { type: ['LOG', 'STATE_CHANGE'], level: ['WARN'] } });
  });

  it('polls where there are no event streams', async () => {
    const states = [run('queued'), run('executing'), run('failed', { error: 'no' })];
    const { client } = await setupClient(({ path }) =>
      path === '/graphql' ? { status: 404 } : (states.shift() ?? run('failed', { error: 'no' })),
    );

    expect(await client.runs.wait('run-1')).toMatchObject({ status: 'failed', result: null, error: 'no' });
  });

  it('stops waiting after its time or on its signal', async () => {
    const gate = latch();
    const { client } = await setupClient(async () => {
      await gate.promise;
      return undefined;
    });

    await expect(client.runs.wait('run-1', { timeoutMs: 20 })).rejects.toMatchObject({ name: 'BatonError', code: 'TIMEOUT' });
    await expect(client.runs.wait('run-1', { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
    gate.open();
  });

  it('cancels by DELETE', async () => {
    const { baton, client } = await setupClient(() => ({ status: 204 }));

    await client.runs.cancel('run/1');

    expect(baton.requests[0]).toMatchObject({ method: 'DELETE', path: '/v1/runs/run%2F1' });
  });
});

describe('the event stream parser', () => {
  const encoder = new TextEncoder();
  const text =
    '\uFEFF: hi\nevent: a\r\ndata: é1\r\ndata:2\rid: 7\r\n\r\ndata\n\nevent: b\n\nretry: 1\ndata:  three\n\ndata: cut off';
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
