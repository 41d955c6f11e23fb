import { z } from 'zod';
import { AppError } from '../src/core/errors.ts';
import { findJsonFault } from '../src/core/json.ts';
import type { LocatedFieldError } from './problem.ts';

/** A query value: text, the texts of a repeated key, or the members of a deep object (`tags[team]=core`). */
export type QueryValue = string | string[] | Record<string, string>;

const DEEP_KEY = /^([^[\]]+)\[([^[\]]+)\]$/;

/**
 * Parses a query string. A key given once is text, given again a list; `key[member]=value` builds an object of one level
 * (OpenAPI's `deepObject` style). Throws BAD_REQUEST, naming the key, for broken percent-encoding, text Postgres could not store,
 * a member given twice, or one key used in two forms.
 */
export function parseQuery(raw: string): Record<string, QueryValue> {
  const values = bareObject<QueryValue>();
  if (raw === '') return values;
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const cut = pair.indexOf('=');
    const key = decode(cut === -1 ? pair : pair.slice(0, cut), '');
    addValue(values, key, decode(cut === -1 ? '' : pair.slice(cut + 1), key));
  }
  const fault = findJsonFault(values);
  if (fault) throw queryFault(fault.path, fault.message);
  return values;
}

/** A whole number in a query or path, its limits given by `schema`: `integerParam(z.int().min(1).max(100).default(50))`. */
export function integerParam<S extends z.ZodType<number | undefined>>(schema: S): z.ZodPreprocess<S> {
  return z.preprocess((value) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value), schema);
}

/** A key that may be repeated: always a list, also when given once. */
export function listParam<S extends z.ZodType>(item: S): z.ZodPreprocess<z.ZodArray<S>> {
  return z.preprocess((value) => (Array.isArray(value) || value === undefined ? value : [value]), z.array(item));
}

/** JSON text in a query (`payload_contains={"a":1}`), parsed and checked like a body. */
export function jsonParam<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((text, context) => {
      const value = parseJson(text);
      const fault = value === undefined ? 'is not valid JSON' : findJsonFault(value)?.message;
      if (fault === undefined) return value;
      context.issues.push({ code: 'custom', message: fault, input: text });
      return z.NEVER;
    })
    .pipe(schema);
}

function addValue(values: Record<string, QueryValue>, key: string, value: string): void {
  const [, name = key, member] = DEEP_KEY.exec(key) ?? [];
  const before = values[name];
  if (member === undefined) {
    if (before === undefined) values[name] = value;
    else if (typeof before === 'string') values[name] = [before, value];
    else if (Array.isArray(before)) before.push(value);
    else throw queryFault(name, 'is given both as a value and with members');
    return;
  }
  const members = before ?? bareObject<string>();
  if (typeof members === 'string' || Array.isArray(members)) throw queryFault(name, 'is given both as a value and with members');
  if (member in members) throw queryFault(`${name}.${member}`, 'is given twice');
  members[member] = value;
  values[name] = members;
}

/** An object without a prototype, so that a key like `toString` or `__proto__` from outside is a plain key. */
function bareObject<V>(): Record<string, V> {
  return Object.create(null) as Record<string, V>; // Object.create is typed any
}

function decode(text: string, key: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw queryFault(key, 'is not valid percent-encoded UTF-8');
  }
}

/** JSON never parses to undefined, so undefined can stand for text that is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function queryFault(path: string, message: string): AppError {
  const detail: LocatedFieldError = { path, message, in: 'query', type: 'query_invalid' };
  return new AppError('BAD_REQUEST', 'validation failed', { details: [detail] });
}
