import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import { type OpenStreams, sseFrame } from '../streams/event-stream.ts';
import { type GraphQLExchange, isResultStream, type OperationResult } from './exchange.ts';
import { CONCLUDED_ID, toPayload } from './payload.ts';
import { isBroken, openEventStream, REVOKED } from './stream-response.ts';

/** A request whose result is sent as events, and that result. */
interface DistinctStream {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly exchange: GraphQLExchange;
  readonly result: OperationResult;
}

/**
 * Sends a result as an event stream of its own (GraphQL over SSE, distinct connections): `next` for each, `complete` at the end. Events of
 * a subscription carry its cursor as their id; a single result says in the end that there will be no other. A source that breaks ends the
 * stream without `complete`, so that its reader comes back and goes on from its cursor. Resolves when the stream is over.
 */
export async function serveDistinct({ req, res, exchange, result }: DistinctStream, streams: OpenStreams): Promise<void> {
  const isStream = isResultStream(result);
  const source = isStream ? result[Symbol.asyncIterator]() : once(result);
  try {
    if (req.method === 'GET' && exchange.isConcluded()) {
      void source.return?.();
      res.writeHead(204, { 'cache-control': 'no-store' }).end();
      return;
    }
    openEventStream(res);
    let isTold = false;
    const frame = (item: ExecutionResult): string => {
      isTold = true;
      if (isStream && isBroken(item)) throw new BrokenSource();
      return sseFrame({ id: exchange.cursor(), event: 'next', data: JSON.stringify(toPayload(item)) });
    };
    const end = await streams.pump(res, source, frame, exchange.pass?.signal);
    if (end === 'stopped') res.write(sseFrame({ id: null, event: 'next', data: JSON.stringify(toPayload(REVOKED)) }));
    if (end === 'ended' || end === 'stopped') {
      // Somebody who came back for nothing need not do so again.
      const isConcluded = !isStream || (exchange.lastEventId !== null && !isTold && end === 'ended');
      res.write(sseFrame({ id: isConcluded ? CONCLUDED_ID : null, event: 'complete', data: '' }));
    }
    res.end();
  } catch (error) {
    res.destroy();
    if (!(error instanceof BrokenSource)) throw error;
  } finally {
    exchange.pass?.release();
  }
}

class BrokenSource extends Error {}

async function* once(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}
