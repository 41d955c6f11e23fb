import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Repeater } from '@repeaterjs/repeater';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeOpenStreams, sseFrame } from '../rest/sse.ts';
import { AppError } from '../src/core/errors.ts';
import { type NoteEvent, sendRaw, startToy } from './support/rest-toy.ts';

const KEY = { authorization: 'Bearer acme' };
const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\n`;

afterEach(() => {
  vi.useRealTimers();
});

describe('an event stream', () => {
  it('opens with a comment, sends each event with its id, and ends after the last', async () => {
    await using toy = await startToy();
    toy.world.events = () => listed([{ seq: 1, text: 'started' }, { seq: 2, text: 'done' }]);

    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY });

    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    expect(await answer.text()).toBe(
      ':\n\nevent: started\nid: 1\ndata: {"seq":1,"text":"started"}\n\nevent: done\nid: 2\ndata: {"seq":2,"text":"done"}\n\n',
    );
    expect(toy.rest.openStreams()).toBe(0);
  });

  it('speaks at once, before there is any event', async () => {
    await using toy = await startToy();
    toy.world.events = silent().events;

    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY });
    const first = await answer.body?.getReader().read();

    expect(Buffer.from(first?.value ?? []).toString()).toBe(':\n\n');
  });

  it('goes on after Last-Event-ID', async () => {
    await using toy = await startToy();
    const all = [1, 2, 3].map((seq) => ({ seq, text: 'tick' }));
    toy.world.events = (_, after) => listed(all.filter((event) => event.seq > after));

    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: { ...KEY, 'last-event-id': '2' } });

    expect((await answer.text()).match(/^id: .*/gm)).toEqual(['id: 3']);
  });

  it('cannot be made to forge a frame by a user’s text', async () => {
    await using toy = await startToy();
    toy.world.events = () => listed([{ seq: 1, text: 'x\nid: 99\n\ndata: forged\r\rdata: too' }]);

    const text = await (await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY })).text();

    expect(text).toBe(':\n\nid: 1\ndata: {"seq":1,"text":"x\\nid: 99\\n\\ndata: forged\\r\\rdata: too"}\n\n');
  });

  it('that is refused before its first event is answered like any request', async () => {
    await using toy = await startToy();

    const gone = await fetch(`${toy.url}/v1/notes/over/stream`, { headers: KEY });
    const quiet = await fetch(`${toy.url}/v1/notes/over/follow`);
    const anonymous = await fetch(`${toy.url}/v1/notes/1/stream`);

    expect([gone.status, quiet.status, anonymous.status]).toEqual([410, 204, 401]);
    expect(await gone.json()).toMatchObject({ error: 'note already ended' });
  });

  it('that fails later says so in an event without an id, and masks what nobody planned for', async () => {
    await using toy = await startToy();
    const failing = async (error: Error) => {
      toy.world.events = () => listed([{ seq: 1, text: 'a' }], error);
      return (await fetch(`${toy.url}/v1/notes/1/stream`, { headers: { ...KEY, 'x-request-id': 'r1' } })).text();
    };

    expect(await failing(new AppError('UNAVAILABLE', 'come back'))).toMatch(/\n\nevent: error\ndata: {"error":"come back","request_id":"r1"}\n\n$/);
    expect(await failing(new Error('secret'))).toMatch(/\n\nevent: error\ndata: {"error":"internal error","request_id":"r1"}\n\n$/);
    expect(toy.logged).toEqual([{ err: new Error('secret'), requestId: 'r1', operationId: 'streamNote' }]);
  });

  it('does not start for HEAD', async () => {
    await using toy = await startToy();
    const { events, opened } = silent();
    toy.world.events = events;

    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { method: 'HEAD', headers: KEY });

    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(opened()).toBe(0);
  });

  it('leaves no iterator open when its readers disconnect, however silent the source', async () => {
    await using toy = await startToy();
    const { events, opened, allReturned } = silent();
    toy.world.events = events;
    const abort = new AbortController();
    const readers = 50;

    const answers = await Promise.all(
      Array.from({ length: readers }, () => fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY, signal: abort.signal })),
    );
    expect(opened()).toBe(readers);
    expect(toy.rest.openStreams()).toBe(readers);
    abort.abort();
    await allReturned;

    expect(opened()).toBe(0);
    await vi.waitFor(() => expect(toy.rest.openStreams()).toBe(0));
    await Promise.allSettled(answers.map((answer) => answer.text()));
  });

  it('asks its reader to come back when the server is stopping', async () => {
    await using toy = await startToy();
    const { events, allReturned } = silent();
    toy.world.events = events;
    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY });

    toy.rest.closeStreams();
    await allReturned;

    expect(await answer.text()).toBe(':\n\nretry: 2000\n\n');
  });

  it('works for a client of HTTP/1.0, which reads until the end', async () => {
    await using toy = await startToy();
    toy.world.events = () => listed([{ seq: 1, text: 'a' }]);

    const answer = await sendRaw(toy.port, `${GET('/v1/notes/1/follow').replace('HTTP/1.1', 'HTTP/1.0')}\r\n`);

    expect(answer).toMatch(/\r\n\r\n:\n\nid: 1\ndata: {"seq":1,"text":"a"}\n\n$/);
  });
});

describe('a reader that stops reading', () => {
  it('stops the pulling of events instead of growing memory', async () => {
    await using toy = await startToy();
    const text = 'x'.repeat(10_000);
    let pulled = 0;
    toy.world.events = () =>
      iterable(async () => {
        pulled += 1;
        return { done: false, value: { seq: pulled, text } };
      });
    const socket = connect(toy.port, '127.0.0.1');
    socket.pause();
    socket.write(`${GET('/v1/notes/1/stream')}\r\n`);

    // Without back-pressure the source never falls silent, and this would count up to the limit.
    for (let seen = -1, quiet = 0; quiet < 200 && pulled < 20_000; seen = pulled) {
      await nextTurn();
      quiet = pulled > 0 && pulled === seen ? quiet + 1 : 0;
    }
    const closed = vi.waitFor(() => expect(toy.rest.openStreams()).toBe(0));
    expect(pulled).toBeLessThan(20_000);
    socket.destroy();
    await closed;
  });

  it('costs one item beyond the buffer, and goes on where it stopped', async () => {
    const { res, release, written } = stalledResponse();
    const seqs = Array.from({ length: 5 }, (_, index) => index);
    let pulled = 0;
    const source = iterable<number>(async () => {
      const value = seqs[pulled];
      pulled += 1;
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    });

    const pumping = makeOpenStreams().pump(res, source[Symbol.asyncIterator](), (seq) => `${seq}\n`);
    await nextTurn();
    expect(pulled).toBe(1);
    release();
    await pumping;

    expect(written()).toBe(':\n\n0\n1\n2\n3\n4\n');
  });

  it('hears no heartbeats while it is stalled and is cut off after four', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { res, release } = stalledResponse();
    const { events, opened } = silent();
    const streams = makeOpenStreams();
    const pumping = streams.pump(res, events()[Symbol.asyncIterator](), String);
    await nextTurn();

    vi.advanceTimersByTime(3 * 15_000);
    expect(res.destroyed).toBe(false);
    expect(res.writableLength).toBe(':\n\n'.length);
    vi.advanceTimersByTime(15_000);
    release();
    await pumping;

    expect(res.destroyed).toBe(true);
    expect(opened()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a heartbeat', () => {
  it('is a comment every 15 s while the source is silent', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { res, release, written } = stalledResponse();
    release();
    const { events } = silent();
    const streams = makeOpenStreams();
    const pumping = streams.pump(res, events()[Symbol.asyncIterator](), String);
    await nextTurn();

    vi.advanceTimersByTime(14_999);
    await nextTurn();
    expect(written()).toBe(':\n\n');
    vi.advanceTimersByTime(1);
    await nextTurn();
    vi.advanceTimersByTime(15_000);
    await nextTurn();
    expect(written()).toBe(':\n\n:\n\n:\n\n');
    streams.closeAll();
    await pumping;
  });
});

describe('a frame', () => {
  it('splits data at every kind of line break', () => {
    expect(sseFrame({ id: '1', event: 'log', data: 'a\nb\r\nc\rd' })).toBe('event: log\nid: 1\ndata: a\ndata: b\ndata: c\ndata: d\n\n');
  });

  it.each(['a\nb', 'a\rb', 'a\0b'])('leaves out a name or id that could be split: %j', (text) => {
    expect(sseFrame({ id: text, event: text, data: '' })).toBe('data: \n\n');
  });
});

/** Yields the events, then ends or fails. */
async function* listed(events: readonly NoteEvent[], error?: Error): AsyncGenerator<NoteEvent> {
  yield* events;
  if (error) throw error;
}

function iterable<T>(next: () => Promise<IteratorResult<T>>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next, return: async () => ({ done: true, value: undefined }) }) };
}

/** Sources that never yield, how many of them are open, and when the last one was returned. */
function silent() {
  let open = 0;
  const { promise: allReturned, resolve } = Promise.withResolvers<void>();
  const events = () =>
    new Repeater<NoteEvent>(async (_push, stop) => {
      open += 1;
      await stop;
      open -= 1;
      if (open === 0) resolve();
    });
  return { events, opened: () => open, allReturned };
}

/** A response whose socket takes nothing until it is released. */
function stalledResponse() {
  let text = '';
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const res = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      void released.then(() => {
        text += chunk.toString();
        done();
      });
    },
  });
  // The pump uses only what a response shares with any writable stream.
  return { res: res as unknown as ServerResponse, release, written: () => text };
}
