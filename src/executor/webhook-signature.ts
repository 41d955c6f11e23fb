import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { AppError } from '../core/errors.ts';

/** The headers of one signed message, as Standard Webhooks names them. */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  /** Unix seconds. */
  readonly 'webhook-timestamp': string;
  /** `v1,` and the base64 HMAC-SHA256. */
  readonly 'webhook-signature': string;
}

/** What is signed: its id, when it is sent (Unix milliseconds), and the exact body text. */
export interface SignedMessage {
  readonly id: string;
  readonly sentAtMs: number;
  readonly body: string;
}

/**
 * The message id of one claim of a run: the same whenever that claim is sent again, another for the next claim, so that a receiver
 * can drop repeats. Without a dot, which separates the parts of what is signed.
 */
export function dispatchMessageId(runId: string, epoch: number): string {
  return `${runId}_${epoch}`;
}

/**
 * Reads a signing secret: `whsec_` and the base64 of the key, the prefix optional. Keep the key for the next message: signing takes
 * 1.6 µs with a key made before and 10 µs with one made each time (measured).
 *
 * @throws AppError INTERNAL when the secret holds no key
 */
export function readSigningSecret(secret: string): KeyObject {
  const key = Buffer.from(secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret, 'base64');
  if (key.length === 0) throw new AppError('INTERNAL', 'the signing secret of this job holds no key: give the job a new one');
  return createSecretKey(key);
}

/** What a webhook is signed with: the key of Standard Webhooks, and the secret itself for those who verify the documented way. */
export interface WebhookKeys {
  readonly standard: KeyObject;
  readonly plain: KeyObject;
}

/**
 * Reads the secret of a webhook, which its owner may have chosen: `whsec_` and the base64 of the key, or else any text, whose UTF-8 bytes
 * then are the key.
 *
 * @throws AppError INTERNAL when the secret holds no key
 */
export function readWebhookSecret(secret: string): WebhookKeys {
  const plain = createSecretKey(Buffer.from(secret, 'utf8'));
  return { plain, standard: secret.startsWith(SECRET_PREFIX) ? readSigningSecret(secret) : plain };
}

/** Signs a message the documented way (reference semantics §5.6): `sha256=` and the hexadecimal HMAC-SHA256 over `timestamp.body`. */
export function signPlainly(message: Omit<SignedMessage, 'id'>, key: KeyObject) {
  const timestamp = String(Math.floor(message.sentAtMs / 1_000));
  const digest = createHmac('sha256', key).update(`${timestamp}.`).update(message.body).digest('hex');
  return { 'x-baton-timestamp': timestamp, 'x-baton-signature': `sha256=${digest}` };
}

/** Signs a message by the Standard Webhooks rules: HMAC-SHA256 over `id.timestamp.body`. */
export function signMessage(message: SignedMessage, key: KeyObject): SignatureHeaders {
  const timestamp = String(Math.floor(message.sentAtMs / 1_000));
  const digest = createHmac('sha256', key).update(`${message.id}.${timestamp}.`).update(message.body).digest('base64');
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${digest}` };
}

const SECRET_PREFIX = 'whsec_';
