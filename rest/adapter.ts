import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type GraphQLSchema, validate } from 'graphql';
import { AppError } from '../src/core/errors.ts';
import { makeOpenStreams } from '../src/streams/event-stream.ts';
import type { StreamPass } from '../src/streams/stream-gate.ts';
import { makeArrivalOrder } from './arrival-order.ts';
import { ExecutionErrors, readError, runDocument, type TranslateError } from './execute.ts';
import { sendLongAnswer } from './long-answer.ts';
import { type Match, makeMatcher } from './matcher.ts';
import { type ErrorStyle, HttpRefusal, INTERNAL_PROBLEM, type Problem } from './problem.ts';
import { parseQuery } from './query.ts';
import { ClientGone, discardBody, readJsonBody } from './request-body.ts';
import { parseBody, parseHead } from './request-input.ts';
import { documented, type Exchange, JSON_HEADERS, nextTarget, requestIdOf, sendAnswer, sendProblem } from './response.ts';
import type { Route, RouteAuth } from './route.ts';
import { type ResolvedRequest, serveStream } from './stream.ts';
import { openBodyList } from './streamed-body.ts';

/** What `makeContext` is given: enough to say who is calling, before anything of the request is read or parsed. */
export interface RestRequest {
  readonly req: IncomingMessage;
  /** For headers that who is calling gets with the answer; the answer itself is not for it to give. */
  readonly res: ServerResponse;
  readonly auth: RouteAuth;
  /** The token in the URL of an event stream that takes one; null where there is none. */
  readonly streamToken: string | null;
  readonly requestId: string;
}

/** The part of the GraphQL context that this face reads itself; the rest passes through to the resolvers. */
export interface RestContext {
  /** Null only where the row asks for no credential; `runId` is the run that a token names. */
  readonly actor: { readonly projectId: string; readonly runId?: string } | null;
}

/** How this face logs: only what nobody planned for. Pino fits. */
export interface RestLog {
  readonly error: (fields: object, message: string) => void;
}

/** Everything the REST face is built from. */
export interface RestOptions<Context extends RestContext = RestContext> {
  /** The schema that `/graphql` serves: the same resolvers, the same authorization. */
  readonly schema: GraphQLSchema;
  readonly routes: readonly Route[];
  /** Authenticates by the row's kind of credential and builds the context; throws an AppError to refuse. */
  readonly makeContext: (request: RestRequest) => Context | Promise<Context>;
  /** Lets one more event stream in; throws an AppError when there are too many. Left out, there are never too many. */
  readonly admitStream?: (context: Context) => StreamPass;
  readonly log: RestLog;
  /** Reads foreign errors as AppErrors, so that both faces call them the same. */
  readonly translateError?: TranslateError;
  /** Milliseconds between the comments of an event stream. */
  readonly heartbeatMs?: number;
}

/** The REST face of one process. */
export interface RestHandler {
  /**
   * Serves the request if its path is one of ours, else returns false and has touched nothing. The promise resolves when the answer is
   * handed to the socket (for an event stream: when it has ended) and never rejects.
   */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => false | Promise<void>;
  /** Ends every open event stream, asking its reader to reconnect; part of an ordered stop. */
  readonly closeStreams: () => void;
  /** How many event streams are open. */
  readonly openStreams: () => number;
}

/** Builds the REST face. Throws, naming the row, for a document that does not fit the schema and for rows that collide. */
export function makeRestHandler<Context extends RestContext>(options: RestOptions<Context>): RestHandler {
  for (const route of options.routes) checkDocument(options.schema, route);
  const match = makeMatcher(options.routes);
  const streams = makeOpenStreams(options.heartbeatMs);
  const arrivals = makeArrivalOrder();
  const translate = options.translateError ?? (() => null);

  /** Reads an error once: logs what nobody planned for, returns what the caller may know. */
  const tellable = (error: unknown, exchange: Exchange): Problem => {
    const { problem, unplanned } = readError(error, translate);
    for (const err of unplanned) {
      options.log.error({ err, requestId: exchange.requestId, operationId: exchange.operationId }, 'REST request failed');
    }
    return problem ?? INTERNAL_PROBLEM;
  };

  const serve = async (found: Match, exchange: Exchange): Promise<void> => {
    const turn = found.kind === 'route' && found.route.inOrder ? arrivals.enter(exchange.req.socket) : null;
    try {
      const resolved = await resolve(routeOf(found), exchange);
      await turn?.come;
      // From here on requests of one kind take the same steps, so that the next one cannot overtake this one any more.
      turn?.leave();
      if (resolved.route.stream === undefined) await answerOnce(resolved, exchange);
      else await serveStream(resolved, exchange, { schema: options.schema, streams, translate, tellable });
    } catch (error) {
      if (isClientGone(error)) return;
      const problem = tellable(error, exchange);
      sendProblem(exchange, { ...problem, message: wordsOf(problem, found) });
      discardBody(exchange.req, found.kind === 'route' ? found.route.bodyLimit : 0);
    } finally {
      turn?.leave();
    }
  };

  /** Everything up to the execution: who calls, and with what. */
  const resolve = async (
    found: Extract<Match, { kind: 'route' }>,
    { req, res, requestId }: Exchange,
  ): Promise<ResolvedRequest> => {
    const { route } = found;
    const { headers } = req;
    const streamToken = route.stream?.takesToken ? streamTokenOf(found.query) : null;
    // The token is all that counts, and whoever has it may have any page use it.
    if (streamToken !== null) res.setHeader('access-control-allow-origin', '*');
    const context = await options.makeContext({ req, res, auth: route.auth, streamToken, requestId });
    requireOwnRun(found, context);
    const head = parseHead(route, found, headers);
    const elements = route.bodyList === undefined ? null : openBodyList(req, route.bodyList, route.bodyLimit);
    const hasBody = elements === null && route.body !== undefined;
    const body = hasBody ? parseBody(route, await readJsonBody(req, route.bodyLimit)) : undefined;
    const lastEventId = route.stream === undefined ? null : lastEventIdOf(headers);
    const input = { ...head, body, elements, actorProjectId: context.actor?.projectId ?? null, lastEventId };
    const admitStream = () => options.admitStream?.(context) ?? freePass();
    return { route, context, admitStream, variables: route.variables(input) };
  };

  const answerOnce = async ({ route, context, variables }: ResolvedRequest, exchange: Exchange): Promise<void> => {
    const data = await runDocument({ schema: options.schema, route, context, variables });
    const status = route.status(data);
    if (route.response === undefined || status === 204) return sendAnswer(exchange, status, { headers: [], body: null });
    if (route.longList !== undefined) return sendLongAnswer(exchange, { route, status, data: route.project(data) });
    const body = JSON.stringify(documented(route, route.project(data)));
    const cursor = route.nextCursor?.(data) ?? null;
    const headers = cursor === null ? JSON_HEADERS : [...JSON_HEADERS, ...nextPage(route, exchange.req.url ?? '/', cursor)];
    sendAnswer(exchange, status, { headers, body });
  };

  return {
    handle(req, res) {
      const found = match(req.method ?? '', req.url ?? '');
      if (found.kind === 'foreign') return false;
      const route = found.kind === 'route' ? found.route : null;
      const style: ErrorStyle = route?.errorStyle ?? 'baton';
      return serve(found, { req, res, style, operationId: route?.operationId ?? null, requestId: requestIdOf(req) });
    },
    closeStreams: streams.closeAll,
    openStreams: streams.size,
  };
}

function wordsOf({ code, message }: Problem, found: Match): string {
  return (found.kind === 'route' ? found.route.says[code] : undefined) ?? message;
}

function checkDocument(schema: GraphQLSchema, route: Route): void {
  const [error] = validate(schema, route.document);
  if (error !== undefined) throw new Error(`route ${route.operationId}: its document does not fit the schema: ${error.message}`);
}

function routeOf(found: Match): Extract<Match, { kind: 'route' }> {
  switch (found.kind) {
    case 'route':
      return found;
    case 'bad-path':
      throw new AppError('BAD_REQUEST', 'the path is not valid percent-encoded UTF-8');
    case 'wrong-method':
      throw new HttpRefusal('METHOD_NOT_ALLOWED', 'this path does not have that method', found.allow);
    case 'unknown':
    case 'foreign':
      throw new AppError('NOT_FOUND', 'no such route');
  }
}

/** A token reaches the run it names and no other; told before anything else of the request is looked at. */
function requireOwnRun({ params }: Extract<Match, { kind: 'route' }>, { actor }: RestContext): void {
  if (actor?.runId === undefined || params['id'] === undefined || params['id'] === actor.runId) return;
  throw new AppError('FORBIDDEN', 'token does not match run ID');
}

/** The client left while its body was read, be it by the adapter or, element by element, by a resolver. */
function isClientGone(error: unknown): boolean {
  const errors = error instanceof ExecutionErrors ? error.errors.map(({ originalError }) => originalError) : [error];
  return errors.some((one) => one instanceof ClientGone);
}

/** The headers that lead to the next page. */
function nextPage({ paginationNext }: Route, target: string, cursor: string): readonly string[] {
  const next = nextTarget(target, cursor);
  return ['link', `<${next}>; rel="next"`, ...(paginationNext ? ['x-pagination-next', next] : [])];
}

function streamTokenOf(query: string): string | null {
  const { token } = parseQuery(query);
  return typeof token === 'string' ? token : null;
}

function lastEventIdOf(headers: IncomingHttpHeaders): string | null {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : null;
}

/** Of a face without a gate. */
function freePass(): StreamPass {
  return { signal: new AbortController().signal, release() {} };
}
