import { type ExecutionResult, execute, GraphQLError, type GraphQLSchema, subscribe } from 'graphql';
import { AppError } from '../src/core/errors.ts';
import { isErrorCode, type Problem, problemOf } from './problem.ts';
import type { Route } from './route.ts';

/** Reads an error that is not an AppError (a lost database connection, a plugin's own class) as one; null when it means nothing. */
export type TranslateError = (error: unknown) => AppError | null;

/** One row about to be executed for one caller. */
export interface Execution {
  readonly schema: GraphQLSchema;
  readonly route: Route;
  readonly context: unknown;
  readonly variables: Record<string, unknown>;
}

/** Thrown for a result with errors; the adapter decides what of them may be told. */
export class ExecutionErrors extends Error {
  override readonly name = 'ExecutionErrors';
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'execution failed');
    this.errors = errors;
  }
}

/** Runs a query or mutation; its data, or ExecutionErrors: a result with errors is never half used. */
export async function runDocument(execution: Execution): Promise<unknown> {
  return dataOf(await execute(argsOf(execution)));
}

/** Starts a subscription; throws what its resolver refused with before the first event. */
export async function startSubscription(execution: Execution): Promise<AsyncGenerator<ExecutionResult, void, void>> {
  const started = await subscribe(argsOf(execution));
  if (Symbol.asyncIterator in started) return started;
  dataOf(started);
  throw new Error('a subscription answered with neither events nor errors');
}

/** The data of a result that has no errors. */
export function dataOf(result: ExecutionResult): unknown {
  if (result.errors === undefined || result.errors.length === 0) return result.data;
  // Errors without a path come from before the execution: the variables did not fit the document, which only their values can cause
  // (an integer beyond 32 bits), since the document itself was validated at start-up.
  const beforeExecution = result.errors.every((error) => error.path === undefined);
  if (beforeExecution) throw new AppError('BAD_REQUEST', 'validation failed', { details: result.errors.map(variableFault) });
  throw new ExecutionErrors(result.errors);
}

/**
 * What may be told of an error, and which of the errors inside it nobody planned for. The first error decides; the unplanned ones
 * are for the log.
 */
export function readError(error: unknown, translate: TranslateError): { problem: Problem | null; unplanned: readonly unknown[] } {
  const errors: readonly unknown[] = error instanceof ExecutionErrors ? error.errors : [error];
  const problems = errors.map((one) => readOne(one, translate));
  return { problem: problems[0] ?? null, unplanned: errors.filter((_, index) => problems[index] === null).map(causeOf) };
}

function argsOf({ schema, route, context, variables }: Execution) {
  return { schema, document: route.document, contextValue: context, variableValues: variables };
}

function readOne(error: unknown, translate: TranslateError): Problem | null {
  const cause = causeOf(error);
  const known = problemOf(cause) ?? problemOf(translate(cause));
  if (known !== null || !(error instanceof GraphQLError)) return known;
  const { code } = error.extensions;
  return isErrorCode(code) ? problemOf(new AppError(code, error.message)) : null;
}

/** GraphQL wraps what a resolver threw; the thrown thing is what we know how to read. */
function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError ? (error.originalError ?? error) : error;
}

function variableFault(error: GraphQLError): { path: string; message: string; in: 'body'; type: string } {
  const [, name = ''] = /^Variable "\$(\w+)"/.exec(error.message) ?? [];
  return {
    path: name,
    message: error.message.slice(error.message.lastIndexOf('; ') + 1).trim(),
    in: 'body',
    type: 'value_error',
  };
}
