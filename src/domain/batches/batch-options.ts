import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { canonicalJson, type JsonObject } from '../../core/json.ts';
import { JsonObjectInput } from '../../core/schemas.ts';

/** `live` when its caller waits for the result of its one item. */
export const BATCH_MODES = ['async', 'live'] as const;

/** A member of {@link BATCH_MODES}. */
export type BatchMode = (typeof BATCH_MODES)[number];

/** What a callback is sent for: the end of each run and of the batch, or of the batch alone. */
export const CALLBACK_MOMENTS = ['all', 'final'] as const;

/** A member of {@link CALLBACK_MOMENTS}. */
export type CallbackMoment = (typeof CALLBACK_MOMENTS)[number];

/** Bytes of JSON that parameters may have: every run of the batch has them in its payload. */
const MAX_PARAMETER_BYTES = 16_384;
const MAX_HEADERS = 20;

/** A header name that is a caller's to choose: none that says how the message is sent, or that it is ours. */
const HEADER_NAME =
  /^(?!(?:host|connection|keep-alive|upgrade|te|trailer|expect|transfer-encoding|user-agent|accept-encoding)$)(?!content-|proxy-|webhook-|x-baton-)[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/i;
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/;

/** Whom to tell of the endings of a batch. */
export const BatchCallbackInput = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Where callbacks are sent to by POST: an absolute http or https URL, under the rules of endpoints.'),
  headers: z
    .record(
      z.string().regex(HEADER_NAME, 'must be a header name that is free to choose'),
      z.string().regex(HEADER_VALUE, 'must be printable ASCII'),
    )
    .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `must have at most ${MAX_HEADERS} entries`)
    .optional()
    .describe(`Headers to send along, at most ${MAX_HEADERS}; never shown again.`),
  on: z
    .enum(CALLBACK_MOMENTS)
    .optional()
    .describe('What to tell of: all (default) for the end of each run and of the whole, final for the latter alone.'),
});

/** What every item of a batch gets beside its own payload. */
export const BatchParameters = JsonObjectInput.refine(
  (parameters) => Buffer.byteLength(JSON.stringify(parameters)) <= MAX_PARAMETER_BYTES,
  `must have at most ${MAX_PARAMETER_BYTES} bytes of JSON`,
);

/** What is said of a batch as a whole. */
export interface BatchOptions {
  readonly parameters?: JsonObject | undefined;
  readonly callback?:
    | { readonly url: string; readonly headers?: Readonly<Record<string, string>> | undefined; readonly on: CallbackMoment }
    | undefined;
}

const StatedOptions = z.strictObject({ parameters: BatchParameters.optional(), callback: BatchCallbackInput.optional() });

/** Options that came with the items of a batch; BAD_REQUEST naming the field for what breaks a rule. */
export function statedOptions(options: unknown): BatchOptions {
  const parsed = StatedOptions.safeParse(options);
  if (parsed.success) return batchOptions(parsed.data);
  const details = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  throw new AppError('BAD_REQUEST', 'validation failed', { details });
}

/** The options of an input, with the default of each. */
export function batchOptions(input: {
  readonly parameters?: JsonObject | undefined;
  readonly callback?: z.output<typeof BatchCallbackInput> | undefined;
}): BatchOptions {
  const { parameters, callback } = input;
  const isEmpty = parameters === undefined || Object.keys(parameters).length === 0;
  return { ...(!isEmpty && { parameters }), ...(callback && { callback: { ...callback, on: callback.on ?? 'all' } }) };
}

/** Text that tells options apart, for the hash of a batch; empty for none, so that the batches of old keep their hashes. */
export function identityOfOptions(options: BatchOptions): string {
  return Object.keys(options).length === 0 ? '' : canonicalJson(options as JsonObject);
}

/** The payload of an item with the parameters of its batch in it, by their names. BAD_REQUEST for a payload that is no object or has one of them. */
export function withParameters(payload: string, parameters: JsonObject): JsonObject {
  const own: unknown = JSON.parse(payload);
  if (typeof own !== 'object' || own === null || Array.isArray(own)) {
    throw new AppError('BAD_REQUEST', 'an item that is no object cannot take the parameters of its batch');
  }
  const taken = Object.keys(parameters).find((name) => Object.hasOwn(own, name));
  if (taken !== undefined)
    throw new AppError('BAD_REQUEST', `"${taken}" is a parameter of the batch, and a field of the item too`);
  return { ...(own as JsonObject), ...parameters };
}
