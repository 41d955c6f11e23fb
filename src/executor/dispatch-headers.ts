import type { KeyObject } from 'node:crypto';
import type { Attempt, AttemptEnvironment } from '../core/outcome.ts';
import type { SignedPost } from '../core/signed-post.ts';
import { dispatchMessageId, signMessage, signPlainly, type WebhookKeys } from './webhook-signature.ts';

const KIB = 1_024;
/** Longest `X-Previous-Error`, encoded; the rest of the error is cut. */
const MAX_PREVIOUS_ERROR_LENGTH = 1 * KIB;
/**
 * Longest `X-Last-Checkpoint`, encoded, what variables and secrets take of it taken off; servers of HTTP commonly take 16 KB of headers in all. A longer one is left out, since half a
 * checkpoint is of no use: `X-Checkpoint-Sequence` says that there is one to be fetched.
 */
const MAX_CHECKPOINT_LENGTH = 8 * KIB;

/** What the headers depend on besides the attempt: how the caller names itself, the job's signing key, the time in Unix milliseconds. */
export interface DispatchContext {
  readonly userAgent: string;
  readonly signingKey: KeyObject;
  readonly nowMs: number;
}

/**
 * The headers of one dispatch, as a flat list of names and values. `X-Previous-Error` and `X-Last-Checkpoint` are percent-encoded
 * ({@link encodeHeaderText}): a receiver gets the text back with `decodeURIComponent`.
 */
export function dispatchHeaders(attempt: Attempt, context: DispatchContext): string[] {
  const id = encodeHeaderText(dispatchMessageId(attempt.runId, attempt.epoch));
  const signature = signMessage({ id, sentAtMs: context.nowMs, body: attempt.payload }, context.signingKey);
  const headers = [
    'content-type',
    'application/json',
    // An answer is capped as it comes off the wire; a compressed one could be a thousand times larger than what was counted.
    'accept-encoding',
    'identity',
    'user-agent',
    encodeHeaderText(context.userAgent),
    'x-run-id',
    encodeHeaderText(attempt.runId),
    'x-job-id',
    encodeHeaderText(attempt.jobId),
    'x-job-slug',
    encodeHeaderText(attempt.jobSlug),
    'x-attempt',
    String(attempt.attempt),
    'x-run-token',
    encodeHeaderText(attempt.token),
    'x-project-id',
    encodeHeaderText(attempt.projectId),
    'webhook-id',
    signature['webhook-id'],
    'webhook-timestamp',
    signature['webhook-timestamp'],
    'webhook-signature',
    signature['webhook-signature'],
  ];
  if (attempt.traceparent !== null && TRACEPARENT.test(attempt.traceparent)) headers.push('traceparent', attempt.traceparent);
  if (attempt.previousError !== null) {
    headers.push('x-previous-error', cutHeaderText(attempt.previousError, MAX_PREVIOUS_ERROR_LENGTH));
  }
  const carried = environmentHeaders(attempt.environment);
  headers.push(...carried);
  if (attempt.checkpointSequence !== null) headers.push('x-checkpoint-sequence', String(attempt.checkpointSequence));
  // Encoding never shortens, so a text already too long is not encoded for nothing.
  const room = MAX_CHECKPOINT_LENGTH - carried.join('').length;
  if (attempt.lastCheckpoint !== null && attempt.lastCheckpoint.length <= room) {
    const checkpoint = encodeHeaderText(attempt.lastCheckpoint);
    if (checkpoint.length <= room) headers.push('x-last-checkpoint', checkpoint);
  }
  return headers;
}

/** `X-Environment`, `X-Variable-<NAME>` and `X-Secret-<NAME>`, as they are: what is no text for a header was refused when it was set. */
function environmentHeaders(environment: AttemptEnvironment | undefined): string[] {
  if (!environment) return [];
  const { slug, variables, secrets } = environment;
  const named = (prefix: string, texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).flatMap(([name, value]) => [`${prefix}${name}`, value]);
  return [
    ...(slug === null ? [] : ['x-environment', slug]),
    ...named('x-variable-', variables),
    ...named(SECRET_PREFIX, secrets),
  ];
}

/** What the headers of secrets begin with. */
export const SECRET_PREFIX = 'x-secret-';

/** The headers of a signed message that is no dispatch, as a flat list of names and values. */
export function messageHeaders(
  message: Pick<SignedPost, 'messageId' | 'body' | 'headers'>,
  { userAgent, keys, nowMs }: { readonly userAgent: string; readonly keys: WebhookKeys; readonly nowMs: number },
): string[] {
  const id = encodeHeaderText(message.messageId);
  const signature = {
    ...signMessage({ id, sentAtMs: nowMs, body: message.body }, keys.standard),
    ...signPlainly({ sentAtMs: nowMs, body: message.body }, keys.plain),
  };
  return [
    ...['content-type', 'application/json', 'accept-encoding', 'identity', 'user-agent', encodeHeaderText(userAgent)],
    ...Object.entries(signature).flat(),
    ...Object.entries(message.headers ?? {}).flatMap(([name, value]) => [name, encodeHeaderText(value)]),
  ];
}

/**
 * Makes any text safe as a header value: `%`, everything outside printable ASCII (line breaks and NUL among it) and a space at either
 * end become `%XX` of their UTF-8 bytes, so no text can end a header or start another. Plain ids come out as they went in. A lone
 * surrogate, which has no UTF-8, becomes U+FFFD.
 */
export function encodeHeaderText(text: string): string {
  return NEEDS_ENCODING.test(text) ? text.toWellFormed().replace(ENCODED, encodeURIComponent) : text;
}

/** The encoded text, cut to at most `maxLength` characters without splitting a character or an escape. */
export function cutHeaderText(text: string, maxLength: number): string {
  // A surrogate pair that this splits is beyond the cut: encoded, it takes more room than is left for it.
  const head = text.slice(0, maxLength);
  const encoded = encodeHeaderText(head);
  if (encoded.length <= maxLength) return encoded;
  let cut = '';
  for (const character of head) {
    const piece = encodeHeaderText(character);
    if (cut.length + piece.length > maxLength) break;
    cut += piece;
  }
  return cut;
}

const NEEDS_ENCODING = /[^\x21-\x7e ]|%|^ | $/;
const ENCODED = /[^\x21-\x7e ]|%|^ | $/gu;
/** W3C Trace Context, any version. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
