import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { AppError } from '../src/core/errors.ts';
import { findJsonFault } from '../src/core/json.ts';
import { HttpRefusal, type LocatedFieldError } from './problem.ts';

/** Thrown when the client went away before its request was whole; there is nobody left to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** Bytes of a refused body that are read and thrown away so that the client can finish sending and read the refusal. */
const DISCARD_LIMIT = 16 * 1024 * 1024;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?$/i;

/**
 * Reads a JSON body of at most `limit` bytes; undefined when there is none. Throws UNSUPPORTED_MEDIA_TYPE for anything but plain
 * `application/json` in UTF-8, PAYLOAD_TOO_LARGE as soon as the limit is passed, BAD_REQUEST for what is not JSON, or is JSON that
 * could not be stored.
 */
export async function readJsonBody(req: IncomingMessage, limit: number): Promise<unknown> {
  const length = declaredLength(req);
  if (length === 0) return undefined;
  refuseCompressed(req);
  if (!isJson(req.headers['content-type'])) refuseType('application/json');
  if (length !== null && length > limit) throw tooLarge(limit);
  const bytes = await readBytes(req, limit);
  return bytes.length === 0 ? undefined : parseJsonBytes(bytes);
}

/**
 * Reads away what is left of a refused body; beyond {@link DISCARD_LIMIT} more than the `accepted` bytes of the route, the
 * connection is cut instead.
 */
export function discardBody(req: IncomingMessage, accepted = 0): void {
  if (req.complete || req.destroyed) return;
  const limit = DISCARD_LIMIT + accepted;
  let discarded = 0;
  req.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > limit) req.destroy();
  });
  req.on('error', ignoreBrokenUpload);
  req.resume();
}

/** Bytes announced by `Content-Length`, 0 when the request has no body, null when it comes in chunks of unknown number. */
export function declaredLength(req: IncomingMessage): number | null {
  if (req.headers['transfer-encoding'] !== undefined) return null;
  const length = req.headers['content-length'];
  return length === undefined ? 0 : Number(length);
}

/** Throws UNSUPPORTED_MEDIA_TYPE for a compressed body: it could be a thousand times its size on the wire. */
export function refuseCompressed(req: IncomingMessage): void {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new HttpRefusal('UNSUPPORTED_MEDIA_TYPE', 'compressed request bodies are not accepted');
}

/** True for a content type that says JSON in UTF-8. */
export function isJson(type: string | undefined): boolean {
  return type === 'application/json' || (type !== undefined && JSON_TYPE.test(type));
}

/** Throws UNSUPPORTED_MEDIA_TYPE, saying which types there are. */
export function refuseType(types: string): never {
  throw new HttpRefusal('UNSUPPORTED_MEDIA_TYPE', `request body must be ${types} in UTF-8`);
}

function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (error: Error | null): void => {
      req.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      if (error) reject(error);
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) settle(tooLarge(limit));
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle(null);
    const onGone = (): void => settle(new ClientGone());
    req.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

function parseJsonBytes(bytes: Buffer): unknown {
  if (!isUtf8(bytes))
    throw badBody('invalid request body', { path: '', message: 'is not valid UTF-8', in: 'body', type: 'json_invalid' });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw badBody('invalid request body', { path: '', message: 'is not valid JSON', in: 'body', type: 'json_invalid' });
  }
  const fault = findJsonFault(value);
  if (fault) throw badBody('validation failed', { ...fault, in: 'body', type: 'json_value' });
  return value;
}

/** The BAD_REQUEST of a body with one fault. */
export function badBody(message: string, detail: LocatedFieldError): AppError {
  return new AppError('BAD_REQUEST', message, { details: [detail] });
}

/** The PAYLOAD_TOO_LARGE of a body beyond its limit. */
export function tooLarge(limit: number): AppError {
  return new AppError('PAYLOAD_TOO_LARGE', `request body is larger than ${limit} bytes`);
}

/** A client may break off an upload that was refused anyway; without a listener that would be an uncaught error. */
function ignoreBrokenUpload(): void {}
