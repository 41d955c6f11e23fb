import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Attempt } from '../../src/core/outcome.ts';
import { makeHttpExecutor } from '../../src/executor/http-executor.ts';

/** The signing secret of every attempt made here. */
export const TEST_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A request as a peer saw it. */
export interface ReceivedRequest {
  readonly message: IncomingMessage;
  readonly body: string;
}

/** A server that plays the user's executor, and what reached it; closed when the test ends. */
export interface Peer {
  readonly url: string;
  readonly received: ReceivedRequest[];
  /** Connections made to it so far. */
  readonly connections: Socket[];
}

/** An HTTP peer on loopback that hands each request, once read, to `answer`. */
export async function startPeer(answer: (response: ServerResponse, request: ReceivedRequest) => void, port = 0): Promise<Peer> {
  const received: ReceivedRequest[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const request = { message, body: Buffer.concat(chunks).toString('utf8') };
      received.push(request);
      answer(response, request);
    });
  });
  server.maxHeadersCount = 0;
  const connections = await listen(server, port);
  return { url: urlOf(server), received, connections };
}

/** A peer that speaks whatever bytes `talk` writes, once the first bytes of a request have come. */
export async function startRawPeer(talk: (socket: Socket) => void): Promise<Peer> {
  const server = createRawServer((socket) => {
    socket.once('data', () => talk(socket));
    // The other side ending a connection is what these tests are about.
    socket.on('error', () => undefined);
  });
  const connections = await listen(server, 0);
  return { url: urlOf(server), received: [], connections };
}

/** An executor for one test, closed when it ends; loopback is allowed unless `options` say otherwise. */
export function startExecutor(options: Partial<Parameters<typeof makeHttpExecutor>[0]> = {}) {
  const executor = makeHttpExecutor({ policy: { allowPrivate: true }, userAgent: 'baton-test', ...options });
  onTestFinished(() => executor.close());
  return executor;
}

/** An attempt with everything set to something plain. */
export function makeAttempt(overrides: Partial<Attempt> & Pick<Attempt, 'endpointUrl'>): Attempt {
  return {
    runId: '0190a0b0-0000-7000-8000-000000000001',
    jobId: '0190a0b0-0000-7000-8000-000000000002',
    jobSlug: 'check-links',
    projectId: 'default',
    attempt: 1,
    epoch: 4,
    signingSecret: TEST_SECRET,
    token: 'header.claims.signature',
    payload: '{"page":1}',
    timeoutMs: 10_000,
    traceparent: null,
    previousError: null,
    lastCheckpoint: null,
    checkpointSequence: null,
    ...overrides,
  };
}

/** A signal that nothing aborts. */
export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/** Resolves once a connection of a peer is closed, whichever side closed it, with the number of bytes that had been written to it. */
export function closed(socket: Socket | undefined): Promise<number> {
  const ending = socket && endings.get(socket);
  if (!ending) throw new Error('no such connection was made to a peer of this test');
  return ending;
}

/** Kept from the start of each connection, since `socket.closed` is true before the other side can know. */
const endings = new WeakMap<Socket, Promise<number>>();

async function listen(server: Server, port: number): Promise<Socket[]> {
  const connections: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    connections.push(socket);
    endings.set(socket, new Promise((resolve) => socket.once('close', () => resolve(socket.bytesWritten))));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    const ended = new Promise((resolve) => server.close(resolve));
    for (const socket of connections) socket.destroy();
    await ended;
  });
  return connections;
}

function urlOf(server: Server): string {
  // `as`: a server listening on a port has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
