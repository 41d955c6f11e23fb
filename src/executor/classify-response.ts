import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import { errors } from 'undici';
import type { ErrorClass, Outcome } from '../core/outcome.ts';
import type { Ending, ResponseHead } from './exchange.ts';
import { BlockedAddressError } from './guarded-connector.ts';
import { excerpt, parseResult } from './response-body.ts';
import { parseRetryAfter } from './retry-after.ts';

/** How much is read of an answer that is no result, for the message; more than the message shows, so that most connections can be kept. */
const ERROR_BODY_BYTES = 16 * 1_024;

/** What a classification depends on besides the exchange itself. */
export interface ResponseContext {
  /** Host and port of the endpoint, for messages: a path or query may hold a secret. */
  readonly host: string;
  readonly maxResultBytes: number;
  /** Unix milliseconds, to which a `Retry-After` date is compared. */
  readonly nowMs: number;
}

/** How many bytes of an answer's body are worth reading: a result whole, an error for its message, nothing once the head says it all. */
export function bodyLimit(head: ResponseHead, maxResultBytes: number): number {
  if (!isResult(head)) return isSuccess(head) ? 0 : ERROR_BODY_BYTES;
  return contentEncoding(head.headers) === null ? maxResultBytes : 0;
}

/**
 * Turns the ending of an exchange into the outcome of the attempt. A status that decides by itself (202, and all that are no success)
 * does so even when the body broke off after it; only a result needs all of its body.
 */
export function classify(ending: Ending, context: ResponseContext): Outcome {
  const { how, head, trace } = ending;
  if (how === 'aborted') return { kind: 'aborted' };
  if (head?.status === 202) return { kind: 'accepted', trace };
  if (head && !isSuccess(head)) return refused(head, ending, context);
  if (how === 'deadline') return { kind: 'timed_out', trace };
  if (how === 'broken' || !head) return broken(ending, context);
  return result(head, ending, context);
}

function result(head: ResponseHead, ending: Ending, context: ResponseContext): Outcome {
  const invalid = (problem: string): Outcome => ({
    kind: 'failed',
    errorClass: 'invalid_response',
    message: `${context.host} answered ${describeStatus(head.status)} ${problem}`,
    trace: ending.trace,
  });
  if (contentEncoding(head.headers) !== null) return invalid('with a compressed body, which was not asked for and is not read');
  if (ending.how === 'cut')
    return invalid(`with a body of more than ${context.maxResultBytes} bytes, the most a result may have`);
  const parsed = parseResult(ending.body, firstOf(head.headers['content-type']) ?? '');
  if ('fault' in parsed) return invalid(`with a body that ${parsed.fault}`);
  return { kind: 'completed', result: parsed.value, trace: ending.trace };
}

function refused(head: ResponseHead, ending: Ending, context: ResponseContext): Outcome {
  const errorClass = statusClass(head.status);
  const retryAfter = head.status === 429 || head.status === 503 ? firstOf(head.headers['retry-after']) : undefined;
  const retryAfterMs = retryAfter === undefined ? null : parseRetryAfter(retryAfter, context.nowMs);
  const shown = contentEncoding(head.headers) === null ? excerpt(ending.body) : '';
  const hint = head.status >= 300 && head.status < 400 ? '; redirects are not followed' : '';
  return {
    kind: 'failed',
    errorClass,
    status: head.status,
    message: `${context.host} answered ${describeStatus(head.status)}${hint}${shown && `: ${shown}`}`,
    ...(retryAfterMs !== null && { retryAfterMs }),
    trace: ending.trace,
  };
}

function statusClass(status: number): ErrorClass {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'auth';
  if (status === 408) return 'transient';
  if (status >= 300 && status < 500) return 'client';
  return status < 600 ? 'server' : 'unknown';
}

function broken(ending: Ending, { host }: ResponseContext): Outcome {
  const failed = (errorClass: ErrorClass, message: string): Outcome => ({
    kind: 'failed',
    errorClass,
    message,
    trace: ending.trace,
  });
  if (ending.error instanceof BlockedAddressError)
    return failed('client', `${host} was not called: private addresses are not allowed`);
  if (isProtocolError(ending.error, ending.head)) return failed('invalid_response', `${host} did not answer in valid HTTP`);
  const code = ending.error instanceof errors.HTTPParserError ? 'UND_ERR_SOCKET' : errorCode(ending.error);
  const where = ending.head ? 'broke off its answer' : 'did not answer';
  return failed('transient', `${host} ${where}: ${NETWORK_PROBLEMS[code] ?? `the connection failed (${code})`}`);
}

/** True for bytes that are no HTTP, as opposed to HTTP that ended too early, which is a matter of the connection. */
function isProtocolError(error: Error | null, head: ResponseHead | null): boolean {
  // undici tells these apart by their texts alone.
  if (error instanceof errors.HTTPParserError) return !error.message.includes('Invalid EOF state');
  if (error instanceof errors.SocketError) return error.message === 'bad response' || error.message === 'bad upgrade';
  // A length that is wrong before there is a head is one that the head itself contradicts.
  if (error instanceof errors.ResponseContentLengthMismatchError) return head === null;
  return error instanceof errors.HeadersOverflowError;
}

const NETWORK_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection could be made in time',
  ETIMEDOUT: 'no connection could be made in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name could not be resolved for the moment',
};

/** The code that Node, OpenSSL or undici gave an error; `unknown` where there is none of the usual form. */
function errorCode(error: Error | null): string {
  const code = error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unknown';
}

function isSuccess(head: ResponseHead): boolean {
  return head.status >= 200 && head.status < 300;
}

function isResult(head: ResponseHead): boolean {
  return isSuccess(head) && head.status !== 202;
}

function contentEncoding(headers: IncomingHttpHeaders): string | null {
  const encoding = firstOf(headers['content-encoding'])?.trim().toLowerCase();
  return encoding === undefined || encoding === '' || encoding === 'identity' ? null : encoding;
}

function describeStatus(status: number): string {
  const name = STATUS_CODES[status];
  return name ? `${status} ${name}` : String(status);
}

/** A header may be sent more than once; undici then makes a list of it, whatever the types say. */
export function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
