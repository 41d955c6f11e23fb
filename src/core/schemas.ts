import { z } from 'zod';
import { isUuid } from './ids.ts';
import { findJsonFault, type JsonObject, type JsonValue } from './json.ts';
import { RESERVED_METADATA } from './machine-preset.ts';

/** The largest value of a Postgres `integer` column; a bigger one would be an error of the database instead of the caller's. */
export const MAX_INT32 = 2_147_483_647;

const SLUG = /^[a-z0-9][a-z0-9_-]{0,127}$/;

/** True for a string that could be a slug of ours; anything else names nothing and must not reach the database. */
export function isSlug(value: string): boolean {
  return SLUG.test(value) && !isUuid(value);
}

/** A slug that people choose. What looks like an id is refused, so that "id or slug" is never ambiguous. */
export const Slug = z
  .string()
  .regex(SLUG, 'must be 1 to 128 characters of a-z, 0-9, _ and -, the first one a letter or a digit')
  .refine((slug) => !isUuid(slug), 'must not have the form of an id');

const UNSOUND = 'must not contain a NUL character or a lone surrogate';

/** Text for people of at most `max` UTF-16 code units; Postgres can hold neither a NUL nor half a surrogate pair. */
export function text(max: number) {
  return z.string().max(max).refine(isSound, UNSOUND);
}

/** A non-empty {@link text}: an id, a slug, or a key that people choose. */
export function key(max: number) {
  return z.string().min(1).max(max).refine(isSound, UNSOUND);
}

/** Any JSON value that Postgres and our own code can carry (see `findJsonFault`), untouched and not copied. */
export const JsonInput = sound<JsonValue>(z.unknown().refine((value) => value !== undefined, 'is required'));

/** A JSON object that Postgres and our own code can carry. */
export const JsonObjectInput = sound<JsonObject>(z.record(z.string(), z.unknown()));

/** Labels that people search by: at most 20, keys of 1 to 64 characters, values of at most 256. */
export const Tags = sound<Record<string, string>>(
  z
    .record(z.string().min(1).max(64), z.string().max(256))
    .refine(hasAtMost(20), 'must have at most 20 entries')
    .meta({ maxProperties: 20 }),
);

/** How many facts a run has at most when its executor has added to those of its trigger. */
export const MAX_METADATA_ENTRIES = 100;

const metadataPairs = z
  .record(z.string().min(1).max(128), z.string().max(1_024))
  .refine(hasAtMost(50), 'must have at most 50 entries')
  .meta({ maxProperties: 50 });

/** Facts that travel with a run: at most 50, keys of 1 to 128 characters, values of at most 1,024; none that Baton writes itself. */
export const Metadata = sound<Record<string, string>>(
  metadataPairs
    .refine(
      (entries) => !RESERVED_METADATA.some((name) => Object.hasOwn(entries, name)),
      `must not contain ${RESERVED_METADATA.join(' or ')}: Baton writes these itself`,
    )
    .meta({ maxProperties: 50 }),
);

/** Facts to find runs by, those that Baton writes included. */
export const MetadataFilter = sound<Record<string, string>>(metadataPairs);

/**
 * Looks for faults of JSON before the schema does: `z.record` would drop a `__proto__` key without a word, and a fault deep inside
 * needs its path.
 */
function sound<T>(schema: z.ZodType<unknown>): z.ZodType<T, T> {
  const checked = z.preprocess((value, context) => {
    const fault = findJsonFault(value);
    if (fault) {
      const path = fault.path === '' ? [] : fault.path.split('.');
      context.issues.push({ code: 'custom', message: fault.message, input: value, path });
    }
    return value;
  }, schema);
  // zod knows the outer shape alone; that everything below it is JSON is what the parser of the request body guarantees.
  return checked as unknown as z.ZodType<T, T>;
}

function isSound(value: string): boolean {
  return findJsonFault(value) === null;
}

function hasAtMost(limit: number): (entries: object) => boolean {
  return (entries) => Object.keys(entries).length <= limit;
}
