import { PothosValidationError } from '@pothos/core';
import type { StandardSchemaV1 } from '@pothos/plugin-validation';
import { type ExecutionResult, GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import { AppError, type ErrorCode, type FieldError } from '../src/core/errors.ts';

/** What reading errors needs. */
export interface ErrorDeps {
  /** Reads errors of other layers (a database that cannot be reached) as AppErrors; null for one it does not know. */
  readonly translate: (error: unknown) => AppError | null;
  /** Takes what nobody planned for, whole. Pino fits. */
  readonly log: { readonly error: (fields: object, message: string) => void };
}

/** Turns whatever went wrong in one request into what its caller may know. */
export type ToGraphQLError = (error: unknown, requestId: string) => GraphQLError;

/**
 * Makes {@link ToGraphQLError}: planned errors keep their message and get `extensions { code, details, requestId }`, what graphql-js
 * refuses becomes BAD_REQUEST, anything else becomes INTERNAL without a word of what it was and is logged. To be applied once per error.
 */
export function makeToGraphQLError({ translate, log }: ErrorDeps): ToGraphQLError {
  return (error, requestId) => {
    const cause = rootCause(error);
    const known = plannedError(error, cause) ?? translate(cause);
    if (!known)
      log.error(
        { err: cause, requestId, path: error instanceof GraphQLError ? error.path : undefined },
        'GraphQL request failed',
      );
    return present(error, known ?? new AppError('INTERNAL', 'internal error'), requestId);
  };
}

/** A result, or every result of a subscription, with its errors passed through `map`; results without errors are left as they are. */
export function mapErrors<Result extends ExecutionResult | AsyncIterable<ExecutionResult>>(
  result: Result,
  map: (error: GraphQLError) => GraphQLError,
): ExecutionResult | AsyncIterableIterator<ExecutionResult> {
  const one = (item: ExecutionResult) => (item.errors ? { ...item, errors: item.errors.map(map) } : item);
  return Symbol.asyncIterator in result ? mapIterator(result[Symbol.asyncIterator](), one) : one(result);
}

/** The BAD_REQUEST for input that its schema refuses, with a path for each fault; the name of the argument `input` is left out of them. */
export function invalidInput(issues: readonly StandardSchemaV1.Issue[]): AppError {
  return new AppError('BAD_REQUEST', 'validation failed', { details: issues.map(toFieldError) });
}

function toFieldError({ path = [], message }: StandardSchemaV1.Issue): FieldError {
  const keys = path.map((step) => String(typeof step === 'object' ? step.key : step));
  return { path: (keys[0] === 'input' ? keys.slice(1) : keys).join('.'), message };
}

/** GraphQL wraps what a resolver threw, sometimes twice; the innermost is what happened. */
function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

function plannedError(error: unknown, cause: unknown): AppError | null {
  if (cause instanceof AppError) return cause.code === 'INTERNAL' ? null : cause;
  if (!(error instanceof GraphQLError && cause instanceof GraphQLError && isCallersFault(error, cause))) return null;
  return new AppError(codeOf(cause), error.message);
}

/**
 * What graphql-js says about the request itself: syntax, validation and variables stand outside of any field, and a bad argument
 * points at its place in the document. A GraphQLError without either is ours: a value that does not fit the type of its field.
 */
function isCallersFault(error: GraphQLError, cause: GraphQLError): boolean {
  return cause instanceof PothosValidationError || error.path === undefined || cause.nodes !== undefined;
}

function codeOf(error: GraphQLError): ErrorCode {
  return error.extensions.http?.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_REQUEST';
}

/** The statuses of requests that were refused before anything was executed; a result with data is a 200 whatever it has beside it. */
const REFUSED_STATUS: { readonly [Code in ErrorCode]?: number } = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

function present(error: unknown, known: AppError, requestId: string): GraphQLError {
  const { code, details, retryAfterSecs } = known;
  const located = error instanceof GraphQLError ? error : null;
  const status = located?.path ? undefined : REFUSED_STATUS[code];
  const http = status
    ? { status, ...(retryAfterSecs && { headers: { 'retry-after': String(retryAfterSecs) } }) }
    : httpOf(located);
  return new GraphQLError(known.message, {
    nodes: located?.nodes ?? null,
    source: located?.source ?? null,
    positions: located?.positions ?? null,
    path: located?.path ?? null,
    extensions: {
      code,
      ...(details.length > 0 && { details }),
      ...(retryAfterSecs !== undefined && { retryAfterSecs }),
      requestId,
      // Yoga takes it off again: it says how the whole response is sent.
      ...(http !== undefined && { http }),
    },
  });
}

/**
 * How Yoga wants the whole response sent. It marks what the protocol answers with 200 to a client that takes application/json alone
 * (`spec`); a body that is no JSON at all is marked so too, although there is no document to speak of, and is a 400 for everybody.
 */
function httpOf(error: GraphQLError | null): GraphQLErrorExtensions['http'] {
  const http = error?.extensions.http;
  const pointsIntoDocument = error?.nodes !== undefined || error?.source !== undefined;
  return http && !pointsIntoDocument ? { ...http, spec: false } : http;
}

/** A generator would keep `return()` waiting for a `next()` under way: a client that left would stay subscribed. */
function mapIterator<In, Out>(source: AsyncIterator<In>, map: (item: In) => Out): AsyncIterableIterator<Out> {
  const mapped = (result: IteratorResult<In>): IteratorResult<Out> =>
    result.done ? { done: true, value: undefined } : { done: false, value: map(result.value) };
  return {
    next: async () => mapped(await source.next()),
    return: async () => mapped((await source.return?.()) ?? { done: true, value: undefined }),
    throw: async (error: unknown) => {
      if (!source.throw) throw error;
      return mapped(await source.throw(error));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
