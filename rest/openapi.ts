import type { z } from 'zod';
import { type JsonSchema, makeSchemaPrinter, type SchemaPrinter } from './json-schema.ts';
import { documentedProblems, ERROR_BODY_SCHEMAS, errorResponses } from './openapi-errors.ts';
import type { Route, RouteAuth } from './route.ts';
import { NDJSON } from './streamed-body.ts';

/** What the document says about the API as a whole. */
export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** A group of operations in the reference. */
export interface ApiTag {
  readonly name: string;
  readonly description: string;
}

/** An OpenAPI 3.1 document, ready for JSON.stringify. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

const SECURITY_SCHEMES = {
  bearerAuth: { type: 'http', scheme: 'bearer', description: 'An API key, as `Authorization: Bearer <key>`.' },
  apiKeyHeader: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'baton_session',
    description: 'The session of somebody who signed in to the dashboard, for pages of this server.',
  },
  runToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The run token of one attempt, which comes with the trigger response and with every dispatch.',
  },
  streamToken: { type: 'apiKey', in: 'query', name: 'token', description: 'The token of the event streams of one run.' },
} as const;

const SECURITY: Readonly<Record<RouteAuth, readonly (keyof typeof SECURITY_SCHEMES)[]>> = {
  key: ['bearerAuth', 'apiKeyHeader', 'session'],
  'run-token': ['runToken'],
  none: [],
};

const SUCCESS: Readonly<Record<number, string>> = {
  200: 'Success.',
  201: 'Created.',
  202: 'Accepted.',
  204: 'Done; there is nothing to say.',
};

const HEADERS = {
  RequestId: { description: 'Names the request; the one that was sent, if it was harmless.', schema: { type: 'string' } },
  NextPage: { description: 'The URL of the next page, with rel="next"; absent on the last page.', schema: { type: 'string' } },
  PaginationNext: {
    description: 'The URL of the next page, relative to the server; absent on the last page.',
    schema: { type: 'string' },
  },
  RetryAfter: { description: 'Seconds after which the same request may succeed.', schema: { type: 'integer', minimum: 1 } },
};

/**
 * Derives the OpenAPI 3.1 document from the rows. Its order is the order of the rows and tags, components by name, so equal rows print
 * equal text. Throws naming the row whose tag nobody described.
 */
export function makeOpenApi(routes: readonly Route[], tags: readonly ApiTag[], info: ApiInfo): OpenApiDocument {
  const tagNames = new Set(tags.map((tag) => tag.name));
  for (const route of routes) {
    if (!tagNames.has(route.tag)) throw new Error(`route ${route.operationId}: the tag ${route.tag} is not described`);
  }
  const printer = printerFor(routes);
  const responses = errorResponses(routes, printer);
  const usedTags = new Set(routes.map((route) => route.tag));
  const usedSchemes = new Set<string>(routes.flatMap(schemesOf));
  const usesRetry = Object.values(responses).some((response) => JSON.stringify(response).includes('/RetryAfter"'));
  const { NextPage, PaginationNext, RequestId, RetryAfter } = HEADERS;
  return {
    openapi: '3.1.0',
    info: { ...info, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'This server.' }],
    tags: tags.filter((tag) => usedTags.has(tag.name)),
    paths: pathsOf(routes, printer),
    components: {
      securitySchemes: Object.fromEntries(Object.entries(SECURITY_SCHEMES).filter(([name]) => usedSchemes.has(name))),
      headers: {
        ...(routes.some((route) => route.nextCursor) && { NextPage }),
        ...(routes.some((route) => route.paginationNext) && { PaginationNext }),
        ...(routes.length > 0 && { RequestId }),
        ...(usesRetry && { RetryAfter }),
      },
      responses,
      schemas: printer.components,
    },
  };
}

function printerFor(routes: readonly Route[]): SchemaPrinter {
  const inputs = routes.flatMap(({ params, query, headers, body }) => [params, query, headers, body]).filter(isGiven);
  const outputs = routes.map((route) => route.response).filter(isGiven);
  const styles = new Set(routes.map((route) => route.errorStyle));
  return makeSchemaPrinter(inputs, [...outputs, ...[...styles].flatMap((style) => ERROR_BODY_SCHEMAS[style])]);
}

function pathsOf(routes: readonly Route[], printer: SchemaPrinter): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, printer) };
  }
  return paths;
}

function schemesOf({ auth, stream }: Route): readonly (keyof typeof SECURITY_SCHEMES)[] {
  return stream?.takesToken ? [...SECURITY[auth], 'streamToken'] : SECURITY[auth];
}

function operationOf(route: Route, printer: SchemaPrinter): object {
  const parameters = [
    ...parametersOf(route, 'path', route.params, printer),
    ...parametersOf(route, 'query', route.query, printer),
    ...parametersOf(route, 'header', route.headers, printer),
    ...(route.stream === undefined ? [] : [LAST_EVENT_ID]),
  ];
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    security: schemesOf(route).map((scheme) => ({ [scheme]: [] })),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: { required: !route.bodyOptional, content: bodyContentOf(route, printer.input(route.body)) },
    }),
    responses: { ...successResponses(route, printer), ...documentedProblems(route) },
  };
}

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last event seen; the stream goes on after it.',
  schema: { type: 'string' },
};

function bodyContentOf({ bodyList, bodyLimit }: Route, schema: JsonSchema): object {
  if (bodyList === undefined) return { 'application/json': { schema } };
  const limit = `At most ${bodyLimit / 1_048_576} MB, read as it arrives.`;
  const lines = `The elements of \`${bodyList.field}\`, one a line. ${limit}`;
  return {
    'application/json': { schema: { description: limit, ...schema } },
    [NDJSON]: { schema: { type: 'string', description: lines } },
  };
}

function parametersOf(
  route: Route,
  part: 'path' | 'query' | 'header',
  schema: z.ZodType | undefined,
  printer: SchemaPrinter,
): object[] {
  if (schema === undefined) return [];
  const { properties, required } = printer.input(schema);
  if (properties === undefined) throw new Error(`route ${route.operationId}: its ${part} must be an object schema without an id`);
  // An object schema prints `properties` as schemas by name and `required` as names.
  const names = new Set(required as readonly string[] | undefined);
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { description, ...json }]) => ({
    name: part === 'header' ? name.replace(/(^|-)\w/g, (start) => start.toUpperCase()) : name,
    in: part,
    required: part === 'path' || names.has(name),
    ...(description !== undefined && { description }),
    ...(json.type === 'object' && { style: 'deepObject', explode: true }),
    schema: json,
  }));
}

function successResponses(route: Route, printer: SchemaPrinter): Record<string, object> {
  const headers = {
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
    ...(route.nextCursor !== undefined && { Link: { $ref: '#/components/headers/NextPage' } }),
    ...(route.paginationNext && { 'X-Pagination-Next': { $ref: '#/components/headers/PaginationNext' } }),
  };
  const responses: Record<string, object> = {};
  for (const status of route.statuses) {
    const content = status === 204 || route.response === undefined ? undefined : contentOf(route, printer.output(route.response));
    responses[status] = { description: SUCCESS[status], headers, ...(content !== undefined && { content }) };
  }
  if (route.stream?.whenOver === 'no-content')
    responses['204'] = { description: 'The stream is over; do not reconnect.', headers };
  return responses;
}

function contentOf(route: Route, schema: JsonSchema): object {
  if (route.stream === undefined) return { 'application/json': { schema } };
  const description = 'Server-sent events; `data` of each is the JSON text of the content schema, `id` its cursor.';
  return {
    'text/event-stream': { schema: { type: 'string', description, contentMediaType: 'application/json', contentSchema: schema } },
  };
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}
