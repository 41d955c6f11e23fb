import { z } from 'zod';

type Words = readonly [string, ...string[]];

/** The object with its own keys turned from snake_case to camelCase; values are left alone, they may be the caller's. */
export function toCamelKeys(body: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [camelCase(key), value]));
}

/** GraphQL's name for a word that REST writes in small letters: `jobs:read` is `JOBS_READ` there, and `*` is `ALL`. */
export function enumName(word: string): string {
  return word === '*' ? 'ALL' : word.toUpperCase().replaceAll(/[:.-]/g, '_');
}

/** One word of a closed set in a request; parsed, it is GraphQL's name for it. */
export function wordInput<const W extends Words>(words: W, wording?: string) {
  return z.enum(words, wording === undefined ? {} : { error: wording }).transform(enumName);
}

/** One word of a closed set in an answer; what the document yields is GraphQL's name for it. */
export function wordOutput<const W extends Words>(words: W) {
  const byName = new Map<unknown, string>(words.map((word) => [enumName(word), word]));
  return z.preprocess((name) => byName.get(name) ?? name, z.enum(words));
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
