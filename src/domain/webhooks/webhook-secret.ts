import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const PREFIX = 'whsec_';
const PRINTABLE = /^[\x20-\x7e]*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Bytes of a key, as Standard Webhooks wants them. */
const KEY_BYTES = { min: 24, max: 64 };

/** A secret that webhooks are signed with, as its owner may choose it. */
export const WebhookSecret = z
  .string()
  .min(16)
  .max(256)
  .regex(PRINTABLE, 'must have printable ASCII characters only')
  .refine(isSound, `must have the base64 of ${KEY_BYTES.min} to ${KEY_BYTES.max} bytes behind ${PREFIX}`);

/** A new secret for signing webhooks, in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

function isSound(secret: string): boolean {
  if (!secret.startsWith(PREFIX)) return true;
  const encoded = secret.slice(PREFIX.length);
  const { length } = Buffer.from(encoded, 'base64');
  return BASE64.test(encoded) && length >= KEY_BYTES.min && length <= KEY_BYTES.max;
}
