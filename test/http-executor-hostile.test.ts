import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../src/core/outcome.ts';
import { closed, makeAttempt, neverAborted, type Peer, startExecutor, startPeer, startRawPeer } from './support/executor-peer.ts';

const MIB = 1_024 * 1_024;

function dispatch(peer: Peer, timeoutMs = 10_000): Promise<Outcome> {
  return startExecutor().execute(makeAttempt({ endpointUrl: peer.url, timeoutMs }), neverAborted());
}

function failed(errorClass: string, message: RegExp) {
  return { kind: 'failed', errorClass, message: expect.stringMatching(message) };
}

describe('an answer that is too much', () => {
  it.each<[framing: string, headers: Record<string, string>]>([
    ['of a known length', { 'content-length': String(200 * MIB) }],
    ['in chunks', {}],
    ['until the connection closes', { connection: 'close' }],
  ])('of 200 MB %s is refused, and the rest is not read', async (_framing, headers) => {
    const piece = Buffer.alloc(64 * 1_024, 'x');
    const peer = await startPeer((response) => {
      response.writeHead(200, headers);
      let left = 200 * MIB;
      const more = (): void => {
        while (left > 0) {
          left -= piece.length;
          if (!response.write(piece)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });

    const outcome = await dispatch(peer);

    expect(outcome).toMatchObject(failed('invalid_response', /more than 1048576 bytes/));
    // Less than all of it, and more than the limit: what the kernel's buffers hold is written, but never read.
    expect(await closed(peer.connections[0])).toBeLessThan(50 * MIB);
  });

  it('of exactly the limit is read, of one byte more is not', async () => {
    const peer = await startPeer((response, { body }) => response.end(`"${'x'.repeat(Number(body) - 2)}"`));
    const executor = startExecutor({ maxResultBytes: 1_000 });

    const fits = await executor.execute(makeAttempt({ endpointUrl: peer.url, payload: '1000' }), neverAborted());
    const over = await executor.execute(makeAttempt({ endpointUrl: peer.url, payload: '1001' }), neverAborted());

    expect(fits).toMatchObject({ kind: 'completed', result: 'x'.repeat(998) });
    expect(over).toMatchObject(failed('invalid_response', /more than 1000 bytes/));
  });

  it('once inflated is not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * MIB));
    const peer = await startPeer((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));

    expect(await dispatch(peer)).toMatchObject(failed('invalid_response', /compressed/));
  });

  it('and an error is still that error', async () => {
    const peer = await startPeer((response) => {
      response.writeHead(503, { 'content-type': 'text/plain' });
      response.write('overloaded ');
      response.write('x'.repeat(MIB));
    });

    expect(await dispatch(peer)).toMatchObject(failed('server', /503 Service Unavailable: overloaded x/));
    await closed(peer.connections[0]);
  });

  it('after a 202 does not keep the run waiting', async () => {
    const peer = await startPeer((response) => {
      response.writeHead(202);
      response.write('x'.repeat(MIB));
    });

    expect(await dispatch(peer)).toMatchObject({ kind: 'accepted' });
    await closed(peer.connections[0]);
  });

  it('in headers is refused', async () => {
    const peer = await startRawPeer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      socket.write('x-filler: y\r\n'.repeat(1_000_000));
    });

    expect(await dispatch(peer)).toMatchObject(failed('invalid_response', /not answer in valid HTTP/));
    await closed(peer.connections[0]);
  });
});

describe('an answer that never ends', () => {
  it.each([
    ['byte by byte in its body', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n', 'x'],
    ['byte by byte in its headers', 'HTTP/1.1 200 OK\r\nx-slow: ', 'x'],
    ['in interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['in silence', '', ''],
  ])('%s is over at the deadline', async (_where, start, drip) => {
    const peer = await startRawPeer((socket) => {
      socket.write(start);
      const timer = setInterval(() => socket.write(drip), 200);
      socket.once('close', () => clearInterval(timer));
    });

    expect(await dispatch(peer, 700)).toMatchObject({ kind: 'timed_out' });
    await closed(peer.connections[0]);
  });

  it('but began with a refusal is that refusal', async () => {
    const peer = await startRawPeer((socket) =>
      socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\nno such page'),
    );

    expect(await dispatch(peer, 300)).toMatchObject(failed('client', /400 Bad Request: no such page$/));
  });
});

describe('a connection that breaks', () => {
  const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":';

  it('by a reset in the middle of the body is transient', async () => {
    const peer = await startRawPeer((socket) => socket.write(HALF, () => socket.resetAndDestroy()));

    expect(await dispatch(peer)).toMatchObject(failed('transient', /^127\.0\.0\.1:\d+ .*the connection was (reset|closed)$/));
  });

  it.each([
    ['counted body', HALF],
    ['counted body of a last answer', HALF.replace('content-length', 'connection: close\r\ncontent-length')],
    ['chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n'],
    ['chunked body of a last answer', 'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n'],
  ])('by closing in the middle of a %s is transient', async (_framing, half) => {
    const peer = await startRawPeer((socket) => socket.end(half));

    expect(await dispatch(peer)).toMatchObject(failed('transient', /broke off its answer: the connection was closed/));
  });

  it('before any answer is transient', async () => {
    const peer = await startRawPeer((socket) => socket.end());

    expect(await dispatch(peer)).toMatchObject(failed('transient', /did not answer: the connection was closed/));
  });

  it('after the head of a refusal is that refusal', async () => {
    const peer = await startRawPeer((socket) => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\nkey?'));

    expect(await dispatch(peer)).toMatchObject(failed('auth', /401 Unauthorized/));
  });

  it('by not being accepted is transient', async () => {
    const peer = await startPeer((response) => response.end());
    const free = createServer();
    const url = await new Promise<string>((resolve) => {
      free.listen(0, '127.0.0.1', () => {
        const address = free.address();
        free.close(() => resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/?s3cret`));
      });
    });

    expect(await dispatch({ ...peer, url })).toMatchObject(
      failed('transient', /^127\.0\.0\.1:\d+ did not answer: the connection was refused$/),
    );
  });

  it('by failing to speak TLS is transient', async () => {
    const peer = await startPeer((response) => response.end());

    const outcome = await dispatch({ ...peer, url: peer.url.replace('http:', 'https:') });

    expect(outcome).toMatchObject(failed('transient', /did not answer: the connection failed \(\w+\)$/));
  });
});

describe('an answer that is not HTTP', () => {
  it.each([
    ['other words', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['a bad header', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n'],
    ['a bad length', 'HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n'],
    ['two framings at once', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['a continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('%s is an invalid response', async (_what, bytes) => {
    const peer = await startRawPeer((socket) => socket.write(bytes));

    expect(await dispatch(peer)).toMatchObject(failed('invalid_response', /did not answer in valid HTTP/));
    await closed(peer.connections[0]);
  });

  it('but only an early hint first is read', async () => {
    const peer = await startRawPeer((socket) =>
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'),
    );

    expect(await dispatch(peer)).toMatchObject({ kind: 'completed', result: {} });
  });
});
