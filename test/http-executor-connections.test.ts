import { getEventListeners } from 'node:events';
import type { LookupFunction, Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { closed, makeAttempt, neverAborted, startExecutor, startPeer, startRawPeer } from './support/executor-peer.ts';

/** Resolves once that many of the connections are closed. */
function severalClosed(connections: Socket[], count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    for (const connection of connections) {
      void closed(connection).then(() => {
        left -= 1;
        if (left === 0) resolve();
      });
    }
  });
}

describe('giving up', () => {
  it('before the start sends nothing', async () => {
    const peer = await startPeer((response) => response.end());

    expect(await startExecutor().execute(makeAttempt({ endpointUrl: peer.url }), AbortSignal.abort())).toEqual({
      kind: 'aborted',
    });
    expect(peer.connections).toHaveLength(0);
  });

  it('while resolving the name is aborted', async () => {
    const controller = new AbortController();
    const lookup: LookupFunction = () => controller.abort();

    const outcome = await startExecutor({ lookup }).execute(
      makeAttempt({ endpointUrl: 'http://slow.example/' }),
      controller.signal,
    );

    expect(outcome).toEqual({ kind: 'aborted' });
  });

  it.each([
    ['the answer', ''],
    ['the rest of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a"'],
  ])('while waiting for %s is aborted and ends the connection', async (_what, bytes) => {
    const controller = new AbortController();
    const peer = await startRawPeer((socket) => socket.write(bytes, () => controller.abort()));

    expect(await startExecutor().execute(makeAttempt({ endpointUrl: peer.url }), controller.signal)).toEqual({ kind: 'aborted' });
    await closed(peer.connections[0]);
  });

  it('while connecting ends the connection at once', async () => {
    const controller = new AbortController();
    const peer = await startRawPeer(() => controller.abort());
    const endpointUrl = peer.url.replace('http:', 'https:');

    expect(await startExecutor().execute(makeAttempt({ endpointUrl }), controller.signal)).toEqual({ kind: 'aborted' });
    await closed(peer.connections[0]);
  });

  it('leaves nothing behind on a signal that outlives the attempt', async () => {
    const { signal } = new AbortController();
    const peer = await startPeer((response) => response.end());

    await startExecutor().execute(makeAttempt({ endpointUrl: peer.url }), signal);

    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('altogether ends what is in flight, what is kept, and what comes later', async () => {
    const executor = startExecutor();
    const quick = await startPeer((response) => response.end());
    await executor.execute(makeAttempt({ endpointUrl: quick.url }), neverAborted());
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const silent = await startPeer(() => arrive());
    const inFlight = executor.execute(makeAttempt({ endpointUrl: silent.url }), neverAborted());
    await arrived;

    await executor.close();

    expect(await inFlight).toEqual({ kind: 'aborted' });
    expect(await executor.execute(makeAttempt({ endpointUrl: quick.url }), neverAborted())).toEqual({ kind: 'aborted' });
    await Promise.all([closed(quick.connections[0]), closed(silent.connections[0])]);
  });
});

describe('connections', () => {
  it('are used again, also after an error and a 202, and reconnecting costs no time then', async () => {
    const statuses = [200, 500, 202, 404, 204];
    const peer = await startPeer((response) => response.writeHead(statuses.shift() ?? 200).end());
    const executor = startExecutor();

    const outcomes = [];
    for (let n = 0; n < 6; n++) outcomes.push(await executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted()));

    expect(peer.received).toHaveLength(6);
    expect(peer.connections).toHaveLength(1);
    for (const outcome of outcomes.slice(1)) expect(outcome).toMatchObject({ trace: { connect_ms: 0 } });
  });

  it('are not used again when the peer says it closes, or has closed', async () => {
    const peer = await startPeer((response) => response.writeHead(200, { connection: 'close' }).end('1'));
    const executor = startExecutor();

    for (let n = 0; n < 3; n++) {
      expect(await executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted())).toMatchObject({
        kind: 'completed',
        result: 1,
      });
    }

    expect(peer.connections).toHaveLength(3);
  });

  it('that the peer drops while unused are replaced without failing the next attempt', async () => {
    const peer = await startPeer((response) => response.end('1'));
    const executor = startExecutor();
    await executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted());
    peer.connections[0]?.destroy();
    await closed(peer.connections[0]);

    const outcome = await executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted());

    expect(outcome).toMatchObject({ kind: 'completed', result: 1 });
    expect(peer.connections).toHaveLength(2);
  });

  it('are as many as there are attempts at once, each with its own answer', async () => {
    const peer = await startPeer((response, { body }) => response.end(body));
    const executor = startExecutor();

    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        executor.execute(makeAttempt({ endpointUrl: peer.url, payload: String(n) }), neverAborted()),
      ),
    );

    expect(outcomes.map((outcome) => (outcome.kind === 'completed' ? outcome.result : outcome))).toEqual(
      Array.from({ length: 300 }, (_, n) => n),
    );
    expect(peer.connections).toHaveLength(300);
    await severalClosed(peer.connections, 300 - 256);
  });

  it('are kept for many endpoints only up to a bound, the oldest going first', async () => {
    const executor = startExecutor();
    const peers = await Promise.all(Array.from({ length: 5 }, () => startPeer((response) => response.end())));

    for (const peer of peers) {
      await Promise.all(
        Array.from({ length: 210 }, () => executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted())),
      );
    }

    expect(peers.map((peer) => peer.connections.length)).toEqual([210, 210, 210, 210, 210]);
    await severalClosed(peers[0]?.connections ?? [], 5 * 210 - 1_024);
  });

  it('are not used for longer than five minutes', async () => {
    const peer = await startPeer((response) => response.end());
    const executor = startExecutor();
    await executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted());
    const later = performance.now() + 301_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    onTestFinished(() => clock.mockRestore());

    await executor.execute(makeAttempt({ endpointUrl: peer.url }), neverAborted());

    await closed(peer.connections[0]);
    expect(peer.connections).toHaveLength(2);
  });

  it('report each phase where it was spent, in whole milliseconds that add up', async () => {
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      setTimeout(callback, 30, null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const peer = await startPeer((response) => {
      setTimeout(() => response.end('1'), 30);
    });
    const endpointUrl = peer.url.replace('127.0.0.1', 'slow.example');

    const outcome = await startExecutor({ lookup }).execute(makeAttempt({ endpointUrl }), neverAborted());

    const trace = outcome.kind === 'completed' ? outcome.trace : { connect_ms: 0, ttfb_ms: 0, transfer_ms: 0, dispatch_ms: 0 };
    expect(Object.values(trace).every(Number.isInteger)).toBe(true);
    expect(trace.connect_ms).toBeGreaterThan(20);
    expect(trace.ttfb_ms).toBeGreaterThan(20);
    expect(trace.dispatch_ms).toBe(trace.connect_ms + trace.ttfb_ms + trace.transfer_ms);
  });
});
