import { GraphQLError } from 'graphql';
import { AppError, type ErrorCode } from '../core/errors.ts';

/** How HTTP says what the protocol of single connections refuses; operations themselves are answered by GraphQL's own rules. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  GONE: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNPROCESSABLE: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

/** An error as GraphQL carries it, with the HTTP status that stands for it. */
export function toRefusal(error: unknown): GraphQLError {
  const known = error instanceof AppError ? error : new AppError('INTERNAL', 'internal error', { cause: error });
  const { retryAfterSecs } = known;
  return new GraphQLError(known.message, {
    originalError: error instanceof Error ? error : known,
    extensions: {
      http: { status: STATUS[known.code], ...(retryAfterSecs && { headers: { 'retry-after': String(retryAfterSecs) } }) },
    },
  });
}
