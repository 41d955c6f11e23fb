import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { type OpenStreams, sseFrame } from '../src/streams/event-stream.ts';
import type { StreamPass } from '../src/streams/stream-gate.ts';
import { dataOf, readError, startSubscription, type TranslateError } from './execute.ts';
import type { Problem } from './problem.ts';
import { documented, type Exchange, openEventStream, sendAnswer, wordProblem } from './response.ts';
import type { Route, StreamSpec } from './route.ts';

/** A request that has been authenticated and parsed: all that is left is to execute its row's document. */
export interface ResolvedRequest {
  readonly route: Route;
  readonly context: unknown;
  /** Lets its stream in, if it is one; throws an AppError when there are too many. */
  readonly admitStream: () => StreamPass;
  readonly variables: Record<string, unknown>;
}

/** What serving a stream needs of the handler it belongs to. */
export interface StreamDeps {
  readonly schema: GraphQLSchema;
  readonly streams: OpenStreams;
  readonly translate: TranslateError;
  /** Logs what nobody planned for and returns what the caller may know. */
  readonly tellable: (error: unknown, exchange: Exchange) => Problem;
}

/**
 * Serves a subscription document as server-sent events; resolves when the stream has ended. What the resolver refuses before the first
 * event is thrown, to be answered like any problem; what fails later becomes a last event named `error`, because the status is out.
 */
export async function serveStream(request: ResolvedRequest, exchange: Exchange, deps: StreamDeps): Promise<void> {
  const { req, res } = exchange;
  if (req.method === 'HEAD') {
    openEventStream(exchange);
    res.end();
    return;
  }
  const pass = request.admitStream();
  try {
    await serveSource(request, exchange, { ...deps, pass });
  } finally {
    pass.release();
  }
}

async function serveSource(
  request: ResolvedRequest,
  exchange: Exchange,
  deps: StreamDeps & { readonly pass: StreamPass },
): Promise<void> {
  const { route } = request;
  const { res } = exchange;
  const stream = streamOf(route);
  let source: AsyncIterator<ExecutionResult>;
  try {
    source = await startSubscription({ ...request, schema: deps.schema });
  } catch (error) {
    if (stream.whenOver !== 'no-content' || readError(error, deps.translate).problem?.code !== 'GONE') throw error;
    sendAnswer(exchange, 204, { headers: [], body: null });
    return;
  }
  openEventStream(exchange);
  try {
    await deps.streams.pump(res, source, (result) => eventText(route, stream, dataOf(result)), deps.pass.signal);
  } catch (error) {
    const { body } = wordProblem(exchange, deps.tellable(error, exchange));
    res.write(sseFrame({ id: null, event: 'error', data: body }));
  }
  res.end();
}

function eventText(route: Route, stream: StreamSpec<unknown>, data: unknown): string {
  return sseFrame({
    id: stream.id(data),
    event: stream.event?.(data) ?? null,
    data: JSON.stringify(documented(route, route.project(data))),
  });
}

function streamOf(route: Route): StreamSpec<unknown> {
  if (route.stream === undefined) throw new Error(`route ${route.operationId} is not a stream`);
  return route.stream;
}
