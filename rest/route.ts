import { type DefinitionNode, type DocumentNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { z } from 'zod';
import type { ErrorStyle, ProblemCode } from './problem.ts';
import { type BodyList, bodyListSchema, type Elements } from './streamed-body.ts';

/** What a caller must present: an API key (or a browser session), the run token of one attempt, or nothing. */
export type RouteAuth = 'key' | 'run-token' | 'none';

/** The methods a row can have; HEAD comes with every GET. */
export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The ways a request can succeed. */
export type SuccessStatus = 200 | 201 | 202 | 204;

/** The schema of one part of the request, if the row has that part. */
type Part = z.ZodType | undefined;
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Projected<S> = S extends z.ZodType ? z.input<S> : undefined;

/** The parsed request, as `variables` sees it. */
export interface RouteInput<P = unknown, Q = unknown, H = unknown, B = unknown> {
  readonly params: P;
  readonly query: Q;
  /** Only the headers the row declares. */
  readonly headers: H;
  /** Undefined when the row takes no body, or takes an optional one and none was sent. */
  readonly body: B;
  /** The elements of the body as they arrive, where the row's body is a list; null otherwise. */
  readonly elements: Elements | null;
  /** The caller's project; null where the row asks for no credential. */
  readonly actorProjectId: string | null;
  /** `Last-Event-ID` of a stream client that comes back; null otherwise. */
  readonly lastEventId: string | null;
}

/** How the events of a subscription document become server-sent events; `project` gives the data of one event. */
export interface StreamSpec<D> {
  /** The event's cursor, sent as `id:`; what `lastEventId` will be after a cut. */
  readonly id: (data: D) => string;
  /** The event's name, sent as `event:`; without it clients see plain messages. */
  readonly event?: (data: D) => string;
  /** The answer when there is nothing left to follow (the resolver says GONE): 410, or a 204 that stops an EventSource. */
  readonly whenOver?: 'gone' | 'no-content';
  /** Whether a stream token in `?token=`, which `query` must name, does instead of a key: browsers cannot send headers here. */
  readonly takesToken?: boolean;
}

/** A row as it is written: everything about one documented route, and nothing that another place would have to know. */
export interface RouteSpec<P extends Part, Q extends Part, H extends Part, B extends Part, R extends Part, D> {
  /** Unique; names the operation in OpenAPI and in generated clients. */
  readonly operationId: string;
  readonly method: RouteMethod;
  /** OpenAPI form, `/v1/runs/{id}`. One that ends in a slash is served without it too. */
  readonly path: `/${string}`;
  readonly tag: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly description?: string;
  readonly auth: RouteAuth;
  readonly errorStyle?: ErrorStyle;
  /** What problems say here, where the documented API has words of its own for them. */
  readonly says?: { readonly [code in ProblemCode]?: string };
  /** Strict object with one key for each `{name}` of the path. */
  readonly params?: P;
  /** Strict object; values arrive as text, so use the helpers of `query.ts`. Without it the route takes no query. */
  readonly query?: Q;
  /** Object of lower-case header names; headers it does not name are not looked at. */
  readonly headers?: H;
  /** JSON body; optional when the schema accepts undefined. Without it a body is ignored. */
  readonly body?: B;
  /** Instead of `body`: one long list, read element by element while the document is executed; `variables` passes the elements on. */
  readonly bodyList?: BodyList;
  /** The field of the answer whose list may be so long that it is checked and written in parts. */
  readonly longList?: string;
  /** Bytes of body accepted, 1 MB unless given. */
  readonly bodyLimit?: number;
  /** One operation, with the aliases and fragments that do the projection. */
  readonly document: DocumentNode;
  readonly variables?: (input: RouteInput<Parsed<P>, Parsed<Q>, Parsed<H>, Parsed<B>>) => Record<string, unknown>;
  /** What the body is documented to be; for a stream, the data of one event. Without it the answer has no body. */
  readonly response?: R;
  /** Unwraps the data; may throw an AppError (a null that means 404). Annotate its parameter: it types the other functions of data. */
  readonly project?: (data: D) => Projected<R>;
  /** 200 unless given. */
  readonly status?:
    | SuccessStatus
    | { readonly among: readonly SuccessStatus[]; readonly choose: (data: NoInfer<D>) => SuccessStatus };
  /** The opaque cursor of the next page, null on the last one; sent as `Link: <same URL with ?cursor=…>; rel="next"`. */
  readonly nextCursor?: (data: NoInfer<D>) => string | null;
  /** Whether the next page is told by `X-Pagination-Next` too, as reference 003 has it. */
  readonly paginationNext?: boolean;
  /** Problems worth documenting beyond those every route can have, each with the sentence that says when. */
  readonly errors?: { readonly [code in ProblemCode]?: string };
  /** Whether requests of one connection are executed in the order they arrived in, however long it takes to read each. */
  readonly inOrder?: boolean;
  /** Required exactly when the document is a subscription. */
  readonly stream?: StreamSpec<NoInfer<D>>;
}

/** A row as the adapter and the OpenAPI generator read it: the types of its functions erased, its defaults filled in. */
export interface Route {
  readonly operationId: string;
  readonly method: RouteMethod;
  readonly path: `/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly description: string | undefined;
  readonly auth: RouteAuth;
  readonly errorStyle: ErrorStyle;
  readonly says: { readonly [code in ProblemCode]?: string };
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly headers: z.ZodType | undefined;
  readonly headerNames: readonly string[];
  readonly body: z.ZodType | undefined;
  readonly bodyOptional: boolean;
  /** Where it is given, `body` is its schema and for the reference alone. */
  readonly bodyList: BodyList | undefined;
  readonly longList: string | undefined;
  readonly bodyLimit: number;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: (input: RouteInput) => Record<string, unknown>;
  readonly response: z.ZodType | undefined;
  readonly project: (data: unknown) => unknown;
  readonly statuses: readonly SuccessStatus[];
  readonly status: (data: unknown) => SuccessStatus;
  readonly nextCursor: ((data: unknown) => string | null) | undefined;
  readonly paginationNext: boolean;
  readonly errors: { readonly [code in ProblemCode]?: string };
  readonly inOrder: boolean;
  readonly stream: StreamSpec<unknown> | undefined;
}

/** Bytes of JSON body a row accepts unless it says otherwise. */
export const DEFAULT_BODY_LIMIT = 1024 * 1024;

/** Checks a row for faults of its own (not against a schema: the adapter does that) and erases its types. Throws naming the row. */
export function defineRoute<
  P extends Part = undefined,
  Q extends Part = undefined,
  H extends Part = undefined,
  B extends Part = undefined,
  R extends Part = undefined,
  D = unknown,
>(spec: RouteSpec<P, Q, H, B, R, D>): Route {
  const { status = 200 } = spec;
  // The casts below only widen parameter types: the adapter passes exactly what the row's own schemas and document produced.
  const route: Route = {
    operationId: spec.operationId,
    method: spec.method,
    path: spec.path,
    tag: spec.tag,
    summary: spec.summary,
    description: spec.description,
    auth: spec.auth,
    errorStyle: spec.errorStyle ?? 'baton',
    says: spec.says ?? {},
    params: spec.params,
    query: spec.query,
    headers: spec.headers,
    headerNames: shapeKeys(spec.headers),
    body: spec.bodyList === undefined ? spec.body : bodyListSchema(spec.bodyList),
    bodyOptional: spec.bodyList === undefined && (spec.body === undefined || spec.body.safeParse(undefined).success),
    bodyList: spec.bodyList,
    longList: spec.longList,
    bodyLimit: spec.bodyLimit ?? DEFAULT_BODY_LIMIT,
    document: spec.document,
    operation: onlyOperation(spec.operationId, spec.document),
    variables: (spec.variables as Route['variables'] | undefined) ?? noVariables,
    response: spec.response,
    project: (spec.project as Route['project'] | undefined) ?? noBody,
    statuses: typeof status === 'number' ? [status] : status.among,
    status: typeof status === 'number' ? () => status : (status.choose as Route['status']),
    nextCursor: spec.nextCursor as Route['nextCursor'],
    paginationNext: spec.paginationNext ?? false,
    errors: spec.errors ?? {},
    inOrder: spec.inOrder ?? false,
    stream: spec.stream as Route['stream'],
  };
  for (const fault of faultsOf(route)) throw new Error(`route ${route.operationId}: ${fault}`);
  return route;
}

/**
 * Parses a GraphQL document; fragments are interpolated as documents of their own and each is included once.
 * Parsing is all it does: the adapter validates against the schema it is handed.
 */
export function gql(text: TemplateStringsArray, ...fragments: readonly DocumentNode[]): DocumentNode {
  const own = parse(text.join(' '), { noLocation: true });
  const definitions = new Set<DefinitionNode>(own.definitions);
  for (const fragment of fragments) for (const definition of fragment.definitions) definitions.add(definition);
  return { kind: Kind.DOCUMENT, definitions: [...definitions] };
}

/** The names in `{braces}` of a path, in order. */
export function pathParams(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name);
}

function* faultsOf(route: Route): Generator<string> {
  const named = pathParams(route.path).sort().join();
  if (named !== shapeKeys(route.params).sort().join()) yield `params must name exactly {${named}}`;
  if (/[*()]/.test(route.path)) yield 'path uses a character the matcher reserves';
  if (route.headerNames.some((name) => name !== name.toLowerCase())) yield 'header names must be lower-case';
  const isSubscription = route.operation.operation === 'subscription';
  if (isSubscription !== (route.stream !== undefined)) yield 'a subscription document needs `stream`, and only it does';
  if (route.method === 'GET' && route.operation.operation === 'mutation') yield 'a GET must not be a mutation';
  if (route.response !== undefined && route.project === noBody) yield 'a response needs `project`';
  if (route.response === undefined && route.project !== noBody) yield '`project` needs a response';
  if (route.response !== undefined && route.statuses.every((status) => status === 204)) yield 'a 204 has no response';
  if (route.bodyList !== undefined && route.method !== 'POST') yield 'only a POST takes a list as its body';
  if (route.longList !== undefined && !hasList(route, route.longList)) yield `its response has no list ${route.longList}`;
  if (route.stream?.takesToken && !shapeKeys(route.query).includes('token'))
    yield 'a stream that takes a token needs it in its query';
  if (route.stream !== undefined && route.response === undefined) yield 'a stream needs the response schema of its events';
}

function hasList({ response }: Route, field: string): boolean {
  return response instanceof z.ZodObject && response.shape[field] instanceof z.ZodArray;
}

function onlyOperation(operationId: string, document: DocumentNode): OperationDefinitionNode {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation === undefined || operations.length > 1)
    throw new Error(`route ${operationId}: the document needs exactly one operation`);
  return operation;
}

/** Keys of an object schema; other schemas have none. */
function shapeKeys(schema: z.ZodType | undefined): string[] {
  if (schema === undefined || !('shape' in schema) || typeof schema.shape !== 'object' || schema.shape === null) return [];
  return Object.keys(schema.shape);
}

function noVariables(): Record<string, unknown> {
  return {};
}

function noBody(): undefined {
  return undefined;
}
