import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { GraphQLContext } from '../graphql/context.ts';
import type { Delivery } from '../graphql/delivery.ts';
import { mapErrors, type ToGraphQLError } from '../graphql/errors.ts';
import type { Actor } from './auth/actor.ts';
import { serveDistinct } from './graphql-sse/distinct.ts';
import { type GraphQLExchange, makeExchange, type ResultMode, readAcceptance } from './graphql-sse/exchange.ts';
import { type HasExchange, handOver } from './graphql-sse/hand-over.ts';
import { CONCLUDED_ID, refusalOf, toPayload } from './graphql-sse/payload.ts';
import { toRefusal } from './graphql-sse/refusal.ts';
import { makeSingleConnections } from './graphql-sse/single-connections.ts';
import { makeSingleHttp } from './graphql-sse/single-http.ts';
import type { Face } from './server.ts';
import { makeOpenStreams } from './streams/event-stream.ts';
import type { StreamGate } from './streams/stream-gate.ts';
import { makeGraphiQL } from './web/graphiql.ts';

const GRAPHQL_PATH = '/graphql';
const STREAM_PATH = '/graphql/stream';

/** Room for a trigger payload at its limit and the document around it. */
const MAX_BODY_BYTES = 6 * 1_048_576;
const REQUEST_ID = /^[\w-]{1,128}$/;

/** What the request brought with it, before anything of it is read. */
interface ServerContext extends HasExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
}

interface GraphQLServerDeps {
  readonly schema: GraphQLSchema;
  /** Says who is calling and builds what resolvers work with; throws an AppError to refuse. */
  readonly makeContext: (request: RequestContext) => Promise<GraphQLContext>;
  /** Says who is calling, for requests that execute nothing. */
  readonly authenticate: (req: IncomingMessage, res: ServerResponse) => Promise<Actor>;
  readonly toGraphQLError: ToGraphQLError;
  readonly gate: StreamGate;
  /** Takes how many seconds after it became known an event was handed to its reader. */
  readonly observeLag: (seconds: number) => void;
}

interface RequestContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly delivery: Delivery;
}

/** The GraphQL face of a process. */
export interface GraphQLFace {
  readonly handle: Face;
  /** Ends every open event stream, asking its reader to reconnect; part of an ordered stop. */
  readonly closeStreams: () => void;
  /** Single connections that are reserved or open, for leak tests. */
  readonly singleConnections: () => number;
}

/**
 * The GraphQL face: Yoga at {@link GRAPHQL_PATH} with GraphiQL for browsers, served from here, and subscriptions as event streams: one
 * for each operation at either path, or one for many at {@link STREAM_PATH} (the two modes of graphql-sse). Yoga's defaults that are
 * changed: it reflects any origin with credentials, executes mutations from form bodies (a page elsewhere could send one), and has a
 * GraphiQL that loads from a CDN.
 */
export function makeGraphQLFace(deps: GraphQLServerDeps): GraphQLFace {
  const yoga = createYoga<ServerContext, GraphQLContext>({
    schema: deps.schema,
    graphqlEndpoint: GRAPHQL_PATH,
    cors: false,
    multipart: false,
    batching: false,
    landingPage: false,
    logging: false,
    maxRequestBodySize: MAX_BODY_BYTES,
    graphiql: false,
    // Ours are written by `presentErrors`, which knows the id of the request.
    maskedErrors: false,
    context: ({ req, res, requestId, exchange }) => deps.makeContext({ req, res, requestId, delivery: exchange }),
    plugins: [onlyJson(), presentErrors(deps.toGraphQLError), handOver(deps.gate)],
  });
  const graphiql = makeGraphiQL({ title: 'Baton', defaultQuery: FIRST_QUERY });
  const streams = makeOpenStreams();
  const connections = makeSingleConnections({ gate: deps.gate, streams });
  const single = makeSingleHttp({ connections, authenticate: deps.authenticate, execute });

  /** Lets Yoga answer a request, or at least execute it: what is to be sent as events is then in the exchange. */
  async function execute(req: IncomingMessage, res: ServerResponse, mode: ResultMode): Promise<GraphQLExchange> {
    const lastEventId = mode.kind === 'distinct' ? lastEventIdOf(req) : null;
    const exchange = makeExchange({ mode, lastEventId, observeLag: deps.observeLag });
    const context = { req, res, requestId: String(res.getHeader('x-request-id')), exchange };
    req.url = `${GRAPHQL_PATH}${req.url?.slice(pathOf(req).length) ?? ''}`;
    if (mode.kind === 'distinct' && !mode.accept.stream) {
      await yoga(req, res, context);
      return exchange;
    }
    const response = await yoga.handleNodeRequestAndResponse(req, res, context);
    if (!exchange.handedOver) await sendResponse(res, response);
    return exchange;
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (pathOf(req) === STREAM_PATH && single.takes(req)) return single.handle(req, res);
    const accept = readAcceptance(req.headers.accept);
    if (req.method === 'GET' && accept.stream && lastEventIdOf(req) === CONCLUDED_ID) {
      res.writeHead(204, { 'cache-control': 'no-store' }).end();
      return;
    }
    const exchange = await execute(req, res, { kind: 'distinct', accept });
    if (exchange.handedOver) await serveDistinct({ req, res, exchange, result: exchange.handedOver }, streams);
  }

  /** Answers what failed before Yoga had anything to do with it, or after. */
  function refuse(res: ServerResponse, error: unknown): void {
    const told = deps.toGraphQLError(toRefusal(error), String(res.getHeader('x-request-id')));
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const result = { errors: [told] };
    const { status, headers } = refusalOf(result) ?? { status: 400, headers: {} };
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers });
    res.end(JSON.stringify(toPayload(result)));
  }

  return {
    handle(req, res) {
      const path = pathOf(req);
      if (path !== GRAPHQL_PATH && path !== STREAM_PATH) return false;
      res.setHeader('x-request-id', requestIdOf(req.headers['x-request-id']));
      if (path === GRAPHQL_PATH && wantsPage(req)) return graphiql(req, res).catch((error: unknown) => refuse(res, error));
      return answer(req, res).catch((error: unknown) => refuse(res, error));
    },
    closeStreams() {
      streams.closeAll();
      connections.close();
    },
    singleConnections: connections.size,
  };
}

/** A browser that goes there asks for a page; programs ask for results. */
function wantsPage({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && headers.accept?.includes('text/html') === true;
}

function pathOf(req: IncomingMessage): string {
  return req.url?.split('?', 1)[0] ?? '';
}

/** The cursor a client comes back with. */
function lastEventIdOf(req: IncomingMessage): string | null {
  const header = req.headers['last-event-id'];
  return typeof header === 'string' && header !== '' ? header : null;
}

async function sendResponse(res: ServerResponse, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  res.writeHead(response.status, { ...Object.fromEntries(response.headers), 'content-length': body.length });
  res.end(body);
}

/** The id a request is known by: the caller's own when it is harmless in a header and a log, a new one otherwise. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID();
}

/** A body that a form or a plain link could send is refused: such requests come from other sites without asking. */
function onlyJson(): Plugin {
  return {
    onRequestParse({ request, endResponse, fetchAPI }) {
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
      if (type !== 'application/json' && type !== 'application/graphql+json') {
        endResponse(fetchAPI.Response.json({ errors: [{ message: 'send the request as application/json' }] }, { status: 415 }));
      }
    },
  };
}

/** Writes every error of every result, of subscriptions too, as its caller may see it. */
function presentErrors(toGraphQLError: ToGraphQLError): Plugin<object, ServerContext> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      if (Array.isArray(result)) return;
      setResult(mapErrors(result, (error) => toGraphQLError(error, serverContext.requestId)));
    },
  };
}

const FIRST_QUERY = `# Signed in to the dashboard? Then run this. If not, put {"authorization": "Bearer <your API key>"} into the headers below first.
query FirstLook {
  viewer { projectId scopes }
  runs(first: 10) { edges { node { id status createdAt job { slug } error } } }
}
`;
