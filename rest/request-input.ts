import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { AppError } from '../src/core/errors.ts';
import { findJsonFault } from '../src/core/json.ts';
import type { InputPart, LocatedFieldError } from './problem.ts';
import { parseQuery } from './query.ts';
import type { Route } from './route.ts';

/** The parts of a request that stand before its body, parsed. */
export interface HeadInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
}

/** What a row without a query accepts: a parameter nobody reads is a mistake of the caller worth telling. */
const NO_QUERY = z.strictObject({});

/** Parses path, query and declared headers by the row's schemas; throws BAD_REQUEST with every fault found in the first bad part. */
export function parseHead(
  route: Route,
  found: { readonly params: Readonly<Record<string, string | undefined>>; readonly query: string },
  headers: IncomingHttpHeaders,
): HeadInput {
  return {
    params: route.params === undefined ? undefined : parsePath(route.params, found.params),
    query:
      found.query === '' && route.query === undefined
        ? undefined
        : parsePart(route.query ?? NO_QUERY, parseQuery(found.query), 'query'),
    headers: route.headers === undefined ? undefined : parsePart(route.headers, pick(headers, route.headerNames), 'header'),
  };
}

/** Parses a body that has been read; undefined is a body that was not sent. */
export function parseBody(route: Route, value: unknown): unknown {
  if (route.body === undefined) return undefined;
  if (value === undefined && !route.bodyOptional) {
    throw invalid([{ path: '', message: 'is required', in: 'body', type: 'missing' }]);
  }
  return parsePart(route.body, value, 'body');
}

function parsePath(schema: z.ZodType, params: Readonly<Record<string, string | undefined>>): unknown {
  const fault = findJsonFault(params);
  if (fault) throw invalid([{ ...fault, in: 'path', type: 'path_invalid' }]);
  return parsePart(schema, params, 'path');
}

function parsePart(schema: z.ZodType, value: unknown, part: InputPart): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap((issue) => fieldErrors(issue, part)));
}

/** One error a field: an issue about unknown keys becomes one for each, at the place where the key stands. */
export function fieldErrors(issue: z.core.$ZodIssue, part: InputPart): LocatedFieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      message: 'unknown field',
      in: part,
      type: 'extra_forbidden',
    }));
  }
  return [{ path: path.join('.'), message: issue.message, in: part, type: issue.code }];
}

/** How messages of ours begin: they go on where the name of their field ends. What zod says by itself stands alone. */
const PREDICATE = /^(is|must|needs) /;

/** The BAD_REQUEST for input with faults. A single fault in a query is told as a sentence, as documented: `limit must be a positive integer`. */
export function invalid(details: readonly LocatedFieldError[]): AppError {
  const [first, ...others] = details;
  const isSentence = first?.in === 'query' && others.length === 0 && PREDICATE.test(first.message);
  return new AppError('BAD_REQUEST', isSentence ? `${first.path} ${first.message}` : 'validation failed', { details });
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (headers[name] !== undefined) picked[name] = headers[name];
  return picked;
}
