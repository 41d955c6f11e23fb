import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeMultiplexer } from '../src/graphql-sse/multiplexer.ts';
import { makeSingleConnections, reserveOperation } from '../src/graphql-sse/single-connections.ts';
import { makeOpenStreams } from '../src/streams/event-stream.ts';
import { makeStreamGate } from '../src/streams/stream-gate.ts';
import { keyOf } from './support/graphql.ts';

const OWNER = keyOf('default');

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const gate = makeStreamGate({ limits: { perActor: 1, total: 1 }, findDeadKeys: async () => [], onError() {} });
  return makeSingleConnections({ gate, streams: makeOpenStreams() });
}

describe('a reservation', () => {
  it('is forgotten after 30 s unless it is opened', () => {
    const connections = setUp();
    const token = connections.reserve(OWNER);

    vi.advanceTimersByTime(29_999);
    expect(connections.find(OWNER, token)).toBeDefined();
    vi.advanceTimersByTime(1);

    expect(() => connections.find(OWNER, token)).toThrow('stream not found');
    expect(connections.size()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be made ten times before the first is opened, by each key', () => {
    const connections = setUp();
    for (let made = 0; made < 10; made++) connections.reserve(OWNER);

    expect(() => connections.reserve(OWNER)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfterSecs: 5 }));
    expect(connections.reserve(keyOf('default'))).toEqual(expect.any(String));
    connections.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is kept when there is no room for its stream', async () => {
    const connections = setUp();
    const [first, second] = [connections.reserve(OWNER), connections.reserve(OWNER)];
    const res = {
      writeHead() {},
      flushHeaders() {},
      write: () => true,
      once() {},
      off() {},
      end() {},
    } as unknown as ServerResponse;
    void connections.open(OWNER, first, res);

    await expect(connections.open(OWNER, second, res)).rejects.toMatchObject({ code: 'RATE_LIMITED' });

    expect(connections.find(OWNER, second)).toBeDefined();
    connections.close();
  });

  it('carries a hundred operations at most, each under a name of its own', () => {
    const connections = setUp();
    const connection = connections.find(OWNER, connections.reserve(OWNER));
    for (let id = 0; id < 100; id++) reserveOperation(connection, String(id));

    expect(() => reserveOperation(connection, 'one more')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    connection.operations.stop('0');
    expect(() => reserveOperation(connection, '1')).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    expect(reserveOperation(connection, 'one more')).toBe('one more');
    connections.close();
  });
});

describe('operations over one connection', () => {
  /** A source that counts how often it was asked, and always has an answer. */
  function busySource() {
    const state = { asked: 0, returned: false };
    const source = {
      next: async () => ({ done: false as const, value: { data: { asked: ++state.asked } } }),
      return: async () => {
        state.returned = true;
        return { done: true as const, value: undefined };
      },
    };
    return { state, source };
  }

  it('are asked for one result each while nobody reads, and take turns when somebody does', async () => {
    const operations = makeMultiplexer();
    const sources = ['a', 'b'].map((id) => {
      const busy = busySource();
      operations.reserve(id);
      operations.begin(id, busy.source);
      return busy;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(sources.map(({ state }) => state.asked)).toEqual([1, 1]);

    const told: string[] = [];
    for (let read = 0; read < 6; read++) told.push((await operations.next()).value?.operationId ?? '');

    expect(told).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    await operations.return();
    expect(sources.map(({ state }) => state.returned)).toEqual([true, true]);
    expect(await operations.next()).toEqual({ done: true, value: undefined });
  });

  it('say nothing more once they are stopped, begun or not', async () => {
    const operations = makeMultiplexer();
    const [begun, late] = [busySource(), busySource()];
    operations.reserve('a');
    operations.begin('a', begun.source);
    operations.reserve('b');
    await vi.advanceTimersByTimeAsync(0);

    operations.stop('a');
    operations.stop('b');
    const hasBegun = operations.begin('b', late.source);
    const next = operations.next();
    await operations.return();

    expect(hasBegun).toBe(false);
    expect([begun.state.returned, late.state.returned]).toEqual([true, true]);
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
