import { z } from 'zod';

const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;
const NAME_RULE = '1 to 64 characters of A-Z, 0-9 and _, the first one a letter';

/** A name that can be part of a header and of an environment variable. */
export const VariableName = z.string().regex(NAME, `must be ${NAME_RULE}`);

/** Text of 1 to `max` characters that can be sent as the value of a header as it is: no line breaks, nothing that clients would trim. */
export function headerText(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(
      /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/,
      'must be printable ASCII without a space at either end, because it travels in a header; encode anything else as base64',
    );
}

const MAX_VARIABLES = 100;

/** Texts by {@link VariableName}; the names are looked at as a whole, because `z.record` says of a bad one no more than that it is. */
export const VariableMap = z
  .record(z.string(), headerText(2_048))
  .refine((map) => Object.keys(map).every((name) => NAME.test(name)), `must have names of ${NAME_RULE}`)
  .refine((map) => Object.keys(map).length <= MAX_VARIABLES, `must have at most ${MAX_VARIABLES} entries`)
  .meta({ maxProperties: MAX_VARIABLES });

/** Characters that all variables and secrets of a dispatch may have in all, names included: servers commonly take 16 KB of headers. */
export const MAX_ENVIRONMENT_LENGTH = 8_192;

/** How many characters names and values have. */
export function lengthOf(texts: Readonly<Record<string, string>>): number {
  return Object.entries(texts).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
