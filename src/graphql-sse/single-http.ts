import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { Actor } from '../auth/actor.ts';
import { AppError } from '../core/errors.ts';
import { type GraphQLExchange, isResultStream, type ResultMode } from './exchange.ts';
import { reserveOperation, type SingleConnection, type SingleConnections } from './single-connections.ts';

/** Where a request says which single connection it is about. */
const TOKEN_HEADER = 'x-graphql-event-stream-token';

interface SingleHttpDeps {
  readonly connections: SingleConnections;
  /** Says who is calling; UNAUTHENTICATED when nobody does. */
  readonly authenticate: (req: IncomingMessage, res: ServerResponse) => Promise<Actor>;
  /** Executes the GraphQL request; answers it itself unless something was executed, whose result is then in the exchange. */
  readonly execute: (req: IncomingMessage, res: ServerResponse, mode: ResultMode) => Promise<GraphQLExchange>;
}

/**
 * The HTTP side of single connections (the protocol of graphql-sse): PUT reserves one and answers its token, GET opens it, every other
 * request that names it executes an operation whose results it will carry, DELETE stops one. `takes` says whether a request is about
 * a single connection at all. Every request must come from the actor who made the reservation.
 */
export function makeSingleHttp({ connections, authenticate, execute }: SingleHttpDeps): {
  takes(req: IncomingMessage): boolean;
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
} {
  async function operate(req: IncomingMessage, res: ServerResponse, connection: SingleConnection): Promise<void> {
    let operationId = '';
    const reserve = (given: unknown): void => {
      operationId = reserveOperation(connection, given);
    };
    try {
      const { handedOver } = await execute(req, res, { kind: 'single', reserve });
      if (!handedOver) {
        if (operationId !== '') connection.operations.stop(operationId);
        return;
      }
      const source = isResultStream(handedOver) ? handedOver[Symbol.asyncIterator]() : once(handedOver);
      const begun = connection.operations.begin(operationId, source);
      res.writeHead(begun ? 202 : 204).end();
    } catch (error) {
      if (operationId !== '') connection.operations.stop(operationId);
      throw error;
    }
  }

  return {
    takes: (req) => req.method === 'PUT' || req.method === 'DELETE' || tokenOf(req) !== null,
    async handle(req, res) {
      const actor = await authenticate(req, res);
      if (req.method === 'PUT') {
        res.writeHead(201, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
        res.end(connections.reserve(actor));
        return;
      }
      const token = tokenOf(req);
      if (token === null) throw new AppError('BAD_REQUEST', `say which stream: its token in the header ${TOKEN_HEADER}`);
      if (req.method === 'GET' && req.headers.accept?.includes('text/event-stream')) return connections.open(actor, token, res);
      const connection = connections.find(actor, token);
      if (req.method !== 'DELETE') return operate(req, res, connection);
      const operationId = parametersOf(req).get('operationId');
      if (operationId === null) throw new AppError('BAD_REQUEST', 'say which operation to stop: ?operationId=');
      connection.operations.stop(operationId);
      res.writeHead(200).end();
    },
  };
}

function tokenOf(req: IncomingMessage): string | null {
  const header = req.headers[TOKEN_HEADER];
  return typeof header === 'string' ? header : parametersOf(req).get('token');
}

function parametersOf(req: IncomingMessage): URLSearchParams {
  return new URLSearchParams(req.url?.split('?', 2)[1]);
}

async function* once(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}
