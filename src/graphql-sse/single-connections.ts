import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Actor, actorName } from '../auth/actor.ts';
import { AppError, notFound } from '../core/errors.ts';
import { type OpenStreams, sseFrame } from '../streams/event-stream.ts';
import type { StreamGate } from '../streams/stream-gate.ts';
import { type Multiplexer, makeMultiplexer, type OperationEvent } from './multiplexer.ts';
import { toPayload } from './payload.ts';
import { openEventStream, REVOKED } from './stream-response.ts';

/** How long a reserved connection waits to be opened. */
const UNCLAIMED_MS = 30_000;
/** Connections of one actor that wait to be opened; a client opens each at once. */
const MAX_UNCLAIMED = 10;
const MAX_UNCLAIMED_IN_ALL = 10_000;
/** Operations over one connection. */
const MAX_OPERATIONS = 100;
const MAX_ID_LENGTH = 128;
const RETRY_AFTER_SECS = 5;

/** A connection over which many operations send their results (GraphQL over SSE, single connection). */
export interface SingleConnection {
  readonly operations: Multiplexer;
}

/**
 * The single connections of a process: reserved, opened, closed. Each belongs to the actor that reserved it, and nobody else finds it:
 * NOT_FOUND.
 */
export interface SingleConnections {
  /** Reserves a connection and answers its token; RATE_LIMITED when the actor has too many that are not open. */
  reserve(actor: Actor): string;
  /** The connection behind a token. */
  find(actor: Actor, token: string): SingleConnection;
  /** Opens a reserved connection and sends what its operations have; resolves when it is over. CONFLICT when it is open already. */
  open(actor: Actor, token: string, res: ServerResponse): Promise<void>;
  /** How many are reserved or open, for leak tests. */
  size(): number;
  /** Forgets those that are not open. */
  close(): void;
}

interface Connection extends SingleConnection {
  readonly owner: string;
  /** Null once it is open. */
  expiry: NodeJS.Timeout | null;
}

/** Makes {@link SingleConnections}. */
export function makeSingleConnections(deps: { readonly gate: StreamGate; readonly streams: OpenStreams }): SingleConnections {
  const connections = new Map<string, Connection>();

  function owned(actor: Actor, token: string): Connection {
    const connection = connections.get(token);
    if (connection?.owner !== actorName(actor)) throw notFound('stream');
    return connection;
  }

  function forget(token: string): void {
    const connection = connections.get(token);
    if (!connection) return;
    connections.delete(token);
    if (connection.expiry) clearTimeout(connection.expiry);
    void connection.operations.return();
  }

  return {
    reserve(actor) {
      const owner = actorName(actor);
      const unclaimed = [...connections.values()].filter(({ expiry }) => expiry !== null);
      const isTooMany = unclaimed.filter((connection) => connection.owner === owner).length >= MAX_UNCLAIMED;
      if (isTooMany || unclaimed.length >= MAX_UNCLAIMED_IN_ALL) {
        throw new AppError('RATE_LIMITED', 'too many streams are reserved and not opened: open them, or come back later', {
          retryAfterSecs: RETRY_AFTER_SECS,
        });
      }
      const token = randomUUID();
      const expiry = setTimeout(() => forget(token), UNCLAIMED_MS);
      connections.set(token, { owner, expiry, operations: makeMultiplexer() });
      return token;
    },
    find: owned,
    async open(actor, token, res) {
      const connection = owned(actor, token);
      if (!connection.expiry) throw new AppError('CONFLICT', 'the stream is open already: a reservation opens one');
      const pass = deps.gate.admit('graphql-single', actor);
      clearTimeout(connection.expiry);
      connection.expiry = null;
      const { operations } = connection;
      try {
        openEventStream(res);
        const end = await deps.streams.pump(res, operations, toFrame, pass.signal);
        if (end === 'stopped') {
          for (const operationId of operations.operationIds()) {
            res.write(toFrame({ operationId, result: REVOKED }) + toFrame({ operationId, result: null }));
          }
        }
      } finally {
        pass.release();
        forget(token);
        res.end();
      }
    },
    size: () => connections.size,
    close() {
      for (const [token, { expiry }] of connections) if (expiry) forget(token);
    },
  };
}

/**
 * Reserves the name under which an operation sends its results: BAD_REQUEST for one that is none, CONFLICT for one in use, RATE_LIMITED
 * when the connection has too many.
 */
export function reserveOperation({ operations }: SingleConnection, operationId: unknown): string {
  if (typeof operationId !== 'string' || operationId === '' || operationId.length > MAX_ID_LENGTH) {
    throw new AppError('BAD_REQUEST', `extensions.operationId must be text of 1 to ${MAX_ID_LENGTH} characters`);
  }
  if (operations.operationIds().length >= MAX_OPERATIONS) {
    throw new AppError('RATE_LIMITED', `${MAX_OPERATIONS} operations are on this stream, which is the most it may have`, {
      retryAfterSecs: RETRY_AFTER_SECS,
    });
  }
  if (!operations.reserve(operationId)) throw new AppError('CONFLICT', 'an operation with this id is on the stream already');
  return operationId;
}

function toFrame({ operationId: id, result }: OperationEvent): string {
  return result
    ? sseFrame({ id: null, event: 'next', data: JSON.stringify({ id, payload: toPayload(result) }) })
    : sseFrame({ id: null, event: 'complete', data: JSON.stringify({ id }) });
}
