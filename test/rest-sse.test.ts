import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { KEY, sendRaw, silentEvents, startToy } from './support/rest-toy.ts';
import type { NoteEvent } from './support/rest-toy-schema.ts';

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\n`;

describe('an event stream', () => {
  it('opens with a comment, sends each event with its id, and ends after the last', async () => {
    await using toy = await startToy();
    toy.world.events = () =>
      listed([
        { seq: 1, text: 'started' },
        { seq: 2, text: 'done' },
      ]);

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
    toy.world.events = silentEvents().events;

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

    expect(await failing(new AppError('UNAVAILABLE', 'come back'))).toMatch(
      /\n\nevent: error\ndata: {"error":"come back","request_id":"r1"}\n\n$/,
    );
    expect(await failing(new Error('secret'))).toMatch(
      /\n\nevent: error\ndata: {"error":"internal error","request_id":"r1"}\n\n$/,
    );
    expect(toy.logged).toEqual([{ err: new Error('secret'), requestId: 'r1', operationId: 'streamNote' }]);
  });

  it('does not start for HEAD', async () => {
    await using toy = await startToy();
    const { events, opened } = silentEvents();
    toy.world.events = events;

    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { method: 'HEAD', headers: KEY });

    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(opened()).toBe(0);
  });

  it('leaves no iterator open when its readers disconnect, however silent the source', async () => {
    await using toy = await startToy();
    const { events, opened, allReturned } = silentEvents();
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
    const { events, allReturned } = silentEvents();
    toy.world.events = events;
    const answer = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY });

    toy.rest.closeStreams();
    await allReturned;

    expect(await answer.text()).toBe(':\n\nretry: 2000\n\n');
    expect(await (await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY })).text()).toBe(':\n\nretry: 2000\n\n');
  });

  it('works for a client of HTTP/1.0, which reads until the end', async () => {
    await using toy = await startToy();
    toy.world.events = () => listed([{ seq: 1, text: 'a' }]);

    const answer = await sendRaw(toy.port, `${GET('/v1/notes/1/follow').replace('HTTP/1.1', 'HTTP/1.0')}\r\n`);

    expect(answer).toMatch(/\r\n\r\n:\n\nid: 1\ndata: {"seq":1,"text":"a"}\n\n$/);
  });
});

describe('a gate', () => {
  it('keeps streams out, ends them, and gets every place back', async () => {
    let places = 1;
    const ending = new AbortController();
    await using toy = await startToy({
      admitStream() {
        if (places === 0) throw new AppError('RATE_LIMITED', 'too many streams', { retryAfterSecs: 7 });
        places -= 1;
        return {
          signal: ending.signal,
          release() {
            places += 1;
          },
        };
      },
    });
    const { events, allReturned } = silentEvents();
    toy.world.events = events;

    const first = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY });
    const second = await fetch(`${toy.url}/v1/notes/1/stream`, { headers: KEY });
    ending.abort();
    const text = await first.text();
    await allReturned;

    expect([first.status, second.status, second.headers.get('retry-after')]).toEqual([200, 429, '7']);
    expect(await second.json()).toMatchObject({ error: 'too many streams' });
    expect(text).toBe(':\n\n');
    expect([places, toy.rest.openStreams()]).toEqual([1, 0]);
  });
});

describe('a reader that stops reading', () => {
  it('stops the pulling of events instead of growing memory', async () => {
    await using toy = await startToy();
    const text = 'x'.repeat(10_000);
    let pulled = 0;
    toy.world.events = () =>
      iterable(async () => {
        await nextTurn();
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
});

/** Yields the events, then ends or fails. */
async function* listed(events: readonly NoteEvent[], error?: Error): AsyncGenerator<NoteEvent> {
  yield* events;
  if (error) throw error;
}

function iterable<T>(next: () => Promise<IteratorResult<T>>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next, return: async () => ({ done: true, value: undefined }) }) };
}
