import { AppError } from '../core/errors.ts';

/**
 * SQLSTATEs that say "not now" rather than "not like this": the server is going, gone, coming back, full, or not the primary.
 * Whole class 08 (connection) is handled apart.
 */
const UNAVAILABLE_STATES = new Set([
  '25006', // read only: a standby, or a primary being switched over
  '25P03', // idle in transaction for too long: the session was ended
  '25P04', // transaction_timeout: the session was ended
  '53100', // disk full
  '53200', // out of memory
  '53300', // too many connections
  '57P01', // terminated by an administrator or a shutdown
  '57P02', // another backend crashed
  '57P03', // starting up or shutting down
  '57P05', // idle_session_timeout
]);

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** Prisma's words for the same: unreachable, timed out, closed, no connection left, transaction lost with its connection. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);

/** What pg and pg-pool throw without any code. */
const MESSAGES = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect$/,
  /^Client has encountered a connection error and is not queryable$/,
  /^Client was closed and is not queryable$/,
  /^Cannot use a pool after calling end on the pool$/,
];

/** Postgres uses 54000 for many limits, most of them faults of the data; only a full NOTIFY queue passes by itself. */
const NOTIFY_QUEUE_FULL = /NOTIFY queue/;

/**
 * True when a database call failed because no working connection was to be had, and nothing is wrong with the call itself. Whether
 * the statement took effect is unknown. Only for errors of database calls: an executor's socket error looks the same.
 */
export function isConnectionError(error: unknown): boolean {
  return facts(error).some(
    ({ code, message }) =>
      UNAVAILABLE_STATES.has(code) ||
      SOCKET_CODES.has(code) ||
      PRISMA_CODES.has(code) ||
      /^08[0-9A-Z]{3}$/.test(code) ||
      (code === '54000' && NOTIFY_QUEUE_FULL.test(message)) ||
      MESSAGES.some((pattern) => pattern.test(message)),
  );
}

/** True when the whole transaction was rolled back by a clash with another one and may succeed when run again at once. */
export function isRetryable(error: unknown): boolean {
  return facts(error).some(({ code }) => code === '40001' || code === '40P01' || code === 'P2034');
}

/** True when Postgres refused the values themselves (class 22, data) or what they would break (class 23, constraints). */
export function isDataError(error: unknown): boolean {
  return facts(error).some(({ code }) => /^2[23][0-9A-Z]{3}$/.test(code));
}

/** True when Postgres refused a value because another row has it already. */
export function isUniqueViolation(error: unknown): boolean {
  return facts(error).some(({ code }) => code === '23505');
}

/** The 503 of a database that cannot be reached; the cause is kept for the log. */
export function toUnavailable(error: unknown): AppError {
  return new AppError(
    'UNAVAILABLE',
    'The database cannot be reached right now; nothing is wrong with the request, try it again.',
    {
      cause: error,
      retryAfterSecs: 1,
    },
  );
}

interface Fact {
  readonly code: string;
  readonly message: string;
}

/** Deeper than any wrapping of pg in Prisma in ours, and an end for a cyclic cause. */
const MAX_DEPTH = 6;

/** Codes and messages of an error, of what it wraps (`cause`, or where Prisma keeps its driver's error) and of its parts. */
function facts(error: unknown, depth = 0): Fact[] {
  if (typeof error !== 'object' || error === null || depth === MAX_DEPTH) return [];
  const text = (key: string): string => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === 'string' ? value : '';
  };
  const parts: unknown = Reflect.get(error, 'errors');
  const meta: unknown = Reflect.get(error, 'meta');
  return [
    { code: text('code'), message: text('message') },
    { code: text('originalCode'), message: text('originalMessage') },
    ...facts(Reflect.get(error, 'cause'), depth + 1),
    ...(typeof meta === 'object' && meta !== null ? facts(Reflect.get(meta, 'driverAdapterError'), depth + 1) : []),
    ...(Array.isArray(parts) ? parts.flatMap((part) => facts(part, depth + 1)) : []),
  ];
}
