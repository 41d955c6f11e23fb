/** Any value JSON can carry. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** How deep JSON from outside may nest. Postgres fails between 6,000 and 20,000 levels, JSON.stringify at about 5,000. */
export const MAX_JSON_DEPTH = 64;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Where a JSON value breaks a rule of ours, and which. */
export interface JsonFault {
  readonly path: string;
  readonly message: string;
}

/**
 * Finds the first thing in a parsed JSON value that Postgres or our own code could not carry: nesting beyond {@link MAX_JSON_DEPTH},
 * a NUL or a lone surrogate in any string or key (jsonb refuses both), a number that is not finite, a key that could reach a
 * prototype. Returns null for a sound value. Iterative, so that depth costs no stack.
 */
export function findJsonFault(root: unknown): JsonFault | null {
  const stack: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { value, path, depth } = item;
    const fault = scalarFault(value);
    if (fault) return { path, message: fault };
    if (value === null || typeof value !== 'object') continue;
    if (depth >= MAX_JSON_DEPTH) return { path, message: `is nested deeper than ${MAX_JSON_DEPTH} levels` };
    for (const key of Object.keys(value)) {
      const keyPath = path ? `${path}.${key}` : key;
      if (FORBIDDEN_KEYS.has(key)) return { path, message: `has the forbidden key "${key}"` };
      const keyFault = scalarFault(key);
      if (keyFault) return { path, message: `has a key that ${keyFault}` };
      stack.push({ value: (value as Record<string, unknown>)[key], path: keyPath, depth: depth + 1 });
    }
  }
  return null;
}

function scalarFault(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is a number JSON cannot carry';
  if (typeof value !== 'string') return null;
  if (value.includes('\0')) return 'contains a NUL character';
  return value.isWellFormed() ? null : 'contains a lone surrogate';
}

/**
 * JSON text with the keys of every object in code-unit order: equal values have equal text, whatever order they were written in. Fields
 * that are undefined count as left out.
 */
export function canonicalJson(value: JsonValue | object): string {
  return JSON.stringify(value, (_key, inner: JsonValue) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
