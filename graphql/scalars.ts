import { GraphQLError, type ValueNode, valueFromASTUntyped } from 'graphql';
import { findJsonFault, type JsonObject, type JsonValue } from '../src/core/json.ts';
import { builder } from './builder.ts';
import { formatDateTime, parseDateTime } from './date-time.ts';

builder.scalarType('DateTime', {
  description:
    'An instant in RFC 3339, for example `2030-01-31T12:00:00Z`. As input it must have seconds and a zone, in the years 1970 to 9999; what is finer than a millisecond is cut. As output it is in UTC.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  parseValue: toDate,
  parseLiteral: (node, variables) => toDate(valueFromASTUntyped(node, variables)),
  serialize: formatDateTime,
});

builder.scalarType('JSON', {
  description: 'Any JSON value, at most 64 levels deep, without NUL characters, lone surrogates and keys that name a prototype.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  parseValue: toJson,
  parseLiteral: (node, variables) => toJson(fromLiteral(node, variables)),
});

builder.scalarType('JSONObject', {
  description: 'A JSON object, under the rules of `JSON`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259#section-4',
  parseValue: toJsonObject,
  parseLiteral: (node, variables) => toJsonObject(fromLiteral(node, variables)),
});

builder.scalarType('StringMap', {
  description: 'A JSON object whose values are all strings, for example `{ "team": "billing" }`.',
  parseValue: toStringMap,
  parseLiteral: (node, variables) => toStringMap(fromLiteral(node, variables)),
});

function toDate(value: unknown): Date {
  const date = typeof value === 'string' ? parseDateTime(value) : null;
  if (!date) throw new GraphQLError('must be an RFC 3339 date-time with seconds and a zone, for example 2030-01-31T12:00:00Z');
  return date;
}

/**
 * A literal as the same plain objects that a variable would have: graphql-js makes objects without a prototype, which compare as
 * different from what the database returns.
 */
function fromLiteral(node: ValueNode, variables: Record<string, unknown> | null | undefined): unknown {
  const value = valueFromASTUntyped(node, variables);
  if (value === undefined) return null;
  refuseFault(value);
  return JSON.parse(JSON.stringify(value));
}

function toJson(value: unknown): JsonValue {
  refuseFault(value);
  // It came out of a JSON parser, or out of `fromLiteral`.
  return value as JsonValue;
}

function toJsonObject(value: unknown): JsonObject {
  if (!isObject(value)) throw new GraphQLError('must be a JSON object');
  refuseFault(value);
  // As for toJson.
  return value as JsonObject;
}

function toStringMap(value: unknown): Record<string, string> {
  if (!isObject(value)) throw new GraphQLError('must be a JSON object whose values are strings');
  refuseFault(value);
  const odd = Object.entries(value).find(([, entry]) => typeof entry !== 'string');
  if (odd) throw new GraphQLError(`must have strings as values, and that of "${odd[0]}" is none`);
  // Every value was just seen to be a string.
  return value as Record<string, string>;
}

function refuseFault(value: unknown): void {
  const fault = findJsonFault(value);
  if (fault) throw new GraphQLError(fault.path === '' ? `it ${fault.message}` : `"${fault.path}" ${fault.message}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
