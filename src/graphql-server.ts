import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { GraphQLContext } from '../graphql/context.ts';
import { mapErrors, type ToGraphQLError } from '../graphql/errors.ts';
import type { Face } from './server.ts';

/** The path of the GraphQL endpoint. */
export const GRAPHQL_PATH = '/graphql';

/** Room for a trigger payload at its limit and the document around it. */
const MAX_BODY_BYTES = 6 * 1_048_576;
const REQUEST_ID = /^[\w-]{1,128}$/;

/** What the request brought with it, before anything of it is read. */
interface ServerContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
}

interface GraphQLServerDeps {
  readonly schema: GraphQLSchema;
  /** Says who is calling and builds what resolvers work with; throws an AppError to refuse. */
  readonly makeContext: (req: IncomingMessage, requestId: string) => Promise<GraphQLContext>;
  readonly toGraphQLError: ToGraphQLError;
}

/**
 * The GraphQL face: Yoga at {@link GRAPHQL_PATH}, with subscriptions over SSE and GraphiQL for browsers, served from here. Yoga's
 * defaults that are changed: it reflects any origin with credentials, executes mutations from form bodies (a page elsewhere could send
 * one), and lets GraphiQL load from a CDN.
 */
export function makeGraphQLFace(deps: GraphQLServerDeps): Face {
  const yoga = createYoga<ServerContext, GraphQLContext>({
    schema: deps.schema,
    graphqlEndpoint: GRAPHQL_PATH,
    cors: false,
    multipart: false,
    batching: false,
    landingPage: false,
    logging: false,
    maxRequestBodySize: MAX_BODY_BYTES,
    renderGraphiQL,
    graphiql: { title: 'Baton', defaultQuery: FIRST_QUERY, headers: '{ "authorization": "Bearer <your API key>" }' },
    // Ours are written by `presentErrors`, which knows the id of the request.
    maskedErrors: false,
    context: ({ req, requestId }) => deps.makeContext(req, requestId),
    plugins: [onlyJson(), presentErrors(deps.toGraphQLError)],
  });
  return (req, res) => {
    if (req.url?.split('?', 1)[0] !== GRAPHQL_PATH) return false;
    const requestId = requestIdOf(req.headers['x-request-id']);
    res.setHeader('x-request-id', requestId);
    return Promise.resolve(yoga(req, res, { req, res, requestId }));
  };
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

const FIRST_QUERY = `# Put your API key into the headers below, then run this.
query FirstLook {
  viewer { projectId scopes }
  runs(first: 10) { edges { node { id status createdAt job { slug } error } } }
}
`;
