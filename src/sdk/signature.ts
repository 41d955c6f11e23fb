const PREFIX = 'whsec_';
const VERSION = 'v1,';
const DIGITS = /^\d{1,15}$/;

/** A message as it arrived, with the headers Standard Webhooks signs it by. */
export interface SignedMessage {
  readonly id: string | null;
  /** Unix seconds, as sent. */
  readonly timestamp: string | null;
  /** One or more signatures, separated by spaces. */
  readonly signature: string | null;
  readonly body: Uint8Array;
}

/** How strictly a message is verified. */
export interface SignatureRules {
  /** `whsec_…`; any one of them may have signed, so that secrets can be rotated. */
  readonly secrets: readonly string[];
  readonly toleranceSecs: number;
  /** Unix seconds. */
  readonly nowSecs: number;
}

/**
 * Verifies a message by the Standard Webhooks rules (HMAC-SHA256 over `id.timestamp.body`). Answers null when it is genuine and
 * fresh, else what is wrong with it in words. Comparing is left to WebCrypto, which takes the same time wherever two signatures differ.
 */
export async function signatureFault(message: SignedMessage, rules: SignatureRules): Promise<string | null> {
  const { id, timestamp, signature, body } = message;
  if (!id || !timestamp || !signature)
    return 'the request is not signed: webhook-id, webhook-timestamp or webhook-signature is missing';
  if (!DIGITS.test(timestamp)) return 'webhook-timestamp is not a number of seconds';
  if (Math.abs(rules.nowSecs - Number(timestamp)) > rules.toleranceSecs) {
    return `webhook-timestamp is more than ${rules.toleranceSecs} seconds off: the request is old, or a clock is wrong`;
  }
  const signatures = signature.split(' ').filter((part) => part.startsWith(VERSION));
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  for (const secret of rules.secrets) {
    const key = await importKey(secret);
    for (const part of signatures) {
      if (await crypto.subtle.verify('HMAC', key, fromBase64(part.slice(VERSION.length)), signed)) return null;
    }
  }
  return 'the signature does not match: the signing secret differs from the one of the job';
}

/** Throws an Error that says what is wrong with a secret; so a typing error shows when the executor starts, not as refused runs. */
export function checkSecret(secret: string): void {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  if (fromBase64(text).length === 0) throw new Error('a signing secret must be "whsec_" followed by the base64 of the key');
}

function importKey(secret: string) {
  checkSecret(secret);
  const bytes = fromBase64(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** The bytes of base64 text; none when it is not base64, which matches no signature and is no secret. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
