import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeOpenStreams, sseFrame } from '../src/streams/event-stream.ts';
import { silentEvents } from './support/rest-toy.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a reader that stops reading', () => {
  it('costs one item beyond the buffer, and goes on where it stopped', async () => {
    const { res, release, written } = stalledResponse();
    const seqs = Array.from({ length: 5 }, (_, index) => index);
    let pulled = 0;
    const next = async (): Promise<IteratorResult<number>> => {
      const value = seqs[pulled];
      pulled += 1;
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    };

    const pumping = makeOpenStreams().pump(res, { next }, (seq) => `${seq}\n`);
    await nextTurn();
    expect(pulled).toBe(1);
    release();
    await pumping;

    expect(written()).toBe(':\n\n0\n1\n2\n3\n4\n');
  });

  it('hears no heartbeats while it is stalled and is cut off after four', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { res, release } = stalledResponse();
    const { events, opened } = silentEvents();
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
    const { events } = silentEvents();
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
    expect(sseFrame({ id: '1', event: 'log', data: 'a\nb\r\nc\rd' })).toBe(
      'event: log\nid: 1\ndata: a\ndata: b\ndata: c\ndata: d\n\n',
    );
  });

  it.each(['a\nb', 'a\rb', 'a\0b'])('leaves out a name or id that could be split: %j', (text) => {
    expect(sseFrame({ id: text, event: text, data: '' })).toBe('data: \n\n');
  });
});

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
