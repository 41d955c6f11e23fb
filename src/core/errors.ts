/** Every code an API caller can meet. Faces map codes to their own words (`rest/problem.ts`, `graphql/errors.ts`); nothing else invents one. */
export const ERROR_CODES = [
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'GONE',
  'PAYLOAD_TOO_LARGE',
  'UNPROCESSABLE',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
] as const;

/** A member of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One offending field: where it stands in the input and what is wrong with it. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

interface AppErrorOptions extends ErrorOptions {
  readonly details?: readonly FieldError[];
  readonly retryAfterSecs?: number;
  readonly limit?: number;
}

/**
 * The only error the domain throws on purpose. The message is for a person: what happened, to which thing, what to do next.
 * Anything else that reaches a face is masked there and logged whole, once.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: readonly FieldError[];
  /** Seconds after which the same request may succeed (RATE_LIMITED, UNAVAILABLE). */
  readonly retryAfterSecs: number | undefined;
  /** For RATE_LIMITED by a limit per time: how much is allowed within its window. */
  readonly limit: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterSecs = options.retryAfterSecs;
    this.limit = options.limit;
  }
}

/** Makes the 404 that unknown and foreign things share, so that an id of another project cannot be told from one that never was. */
export function notFound(what: string): AppError {
  return new AppError('NOT_FOUND', `${what} not found`);
}
