import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';

/** A string as structured fields write it (RFC 8941), which is how the draft of the standard header wants the key. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

const key = z
  .string()
  .transform((text) => QUOTED.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1') ?? text)
  .pipe(z.string().min(1).max(256))
  .optional();

/** The two documented spellings of the header that makes a trigger safe to repeat. */
export const idempotencyHeaders = z.object({
  'idempotency-key': key.describe('While a run that was triggered with this key is live, the same trigger answers that run.'),
  'x-idempotency-key': key.describe('The same as Idempotency-Key.'),
});

/** The same headers of a bulk trigger, whose key names the batch. */
export const batchKeyHeaders = z.object({
  'idempotency-key': key.describe(
    'For as long as the batch that was triggered with this key is kept, the same items are answered by it.',
  ),
  'x-idempotency-key': key.describe('The same as Idempotency-Key.'),
});

/** The key of a request; BAD_REQUEST when the two headers say different things. */
export function idempotencyKeyOf(headers: z.output<typeof idempotencyHeaders>): string | undefined {
  const { 'idempotency-key': plain, 'x-idempotency-key': prefixed } = headers;
  if (plain !== undefined && prefixed !== undefined && plain !== prefixed) {
    throw new AppError('BAD_REQUEST', 'Idempotency-Key and X-Idempotency-Key say different things');
  }
  return plain ?? prefixed;
}
