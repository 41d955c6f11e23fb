import { Misread } from './moment.ts';
import { quote, splitOutside, unquote } from './token.ts';

/** A step into a JSON value: a key of an object, or any element of an array. */
export type Step = { readonly key: string } | { readonly isElement: true };

/** What is written for one: a number, true, false, null, an object or a list as in JSON; in quotes it is text, and so is anything else. */
export function readJson(written: string): unknown {
  if (written === '') throw new Misread('needs a value; "" is the empty text');
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(written)) {
    const value = Number(written);
    const isExact = Number.isFinite(value) && (!/^-?\d+$/.test(written) || Number.isSafeInteger(value));
    if (!isExact) throw new Misread(`is too large to stay exact; write "${written}" if it is text`);
    return value;
  }
  const isJson = /^(true|false|null|["{[].*)$/s.test(written);
  if (!isJson) return written;
  try {
    return JSON.parse(written);
  } catch {
    throw new Misread('is no JSON: a quote or a bracket does not close');
  }
}

/** A JSON value as it is written. */
export function writeJson(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value).replaceAll(/[^\S ]/g, ' ');
  const plain = quote(value);
  return plain === value && readsAsText(value) ? value : JSON.stringify(value);
}

function readsAsText(written: string): boolean {
  try {
    return readJson(written) === written;
  } catch {
    return false;
  }
}

/** Reads `customer.id`, `items[].sku`, `"a.b".c`. */
export function readPath(written: string): Step[] {
  return splitOutside(written, /\./).flatMap((part): Step[] => {
    const name = part.replace(/(\[\])+$/, '');
    const elements = (part.length - name.length) / 2;
    const key = unquote(name);
    if (key === null || key === '')
      throw new Misread('is no path: write payload.customer.id, payload.items[].sku or payload."a.b"');
    return [{ key }, ...Array.from({ length: elements }, (): Step => ({ isElement: true }))];
  });
}

/** A path of keys as it is written. */
export function writePath(keys: readonly string[]): string {
  return keys.map((key) => quote(key, { isPart: true })).join('.');
}

/** What a path to a value asks of a payload. */
export interface Demand {
  readonly path: readonly Step[];
  readonly value: unknown;
}

/** Puts what is asked of a payload into the one object that it has to contain. Throws a {@link Misread} where two demands exclude each other. */
export function joinDemands(demands: readonly Demand[]): Record<string, unknown> {
  const byKey = Map.groupBy(demands, ({ path: [first] }) => (first && 'key' in first ? first.key : ''));
  return Object.fromEntries(
    [...byKey].map(([key, below]) => [key, joinBelow(below.map(({ path, value }) => ({ path: path.slice(1), value })))]),
  );
}

function joinBelow(demands: readonly Demand[]): unknown {
  const [first] = demands;
  if (!first) throw new Misread('asks for nothing');
  if (demands.length === 1 && first.path.length === 0) return first.value;
  if (demands.every(({ path: [step] }) => step && 'key' in step)) return joinDemands(demands);
  // Elements are asked for one by one: a list contains another when it has an element for each of its elements.
  if (demands.every(({ path: [step] }) => step && 'isElement' in step)) {
    return demands.map(({ path, value }) => joinBelow([{ path: path.slice(1), value }]));
  }
  throw new Misread('is asked to be two things at once: leave one of them out');
}
