import { BatonError } from './errors.ts';
import { asRecord, firstGraphqlError } from './http.ts';
import type { Rest } from './rest.ts';

/** Asks a GraphQL query and answers its data. Throws {@link BatonError} with the status REST would have given. */
export async function queryGraphql(rest: Rest, query: string, variables: object): Promise<Readonly<Record<string, unknown>>> {
  const result = asRecord(
    await rest.repeatable({ method: 'POST', path: '/graphql', json: JSON.stringify({ query, variables }) }),
  );
  if (firstGraphqlError(result) || !result['data']) throw graphqlError(result, 200);
  return asRecord(result['data']);
}

/** The error in a GraphQL answer that came with an HTTP status of its own. */
export function graphqlError(result: unknown, status: number): BatonError {
  const error = firstGraphqlError(result);
  if (!error) return new BatonError('Baton did not answer what was asked', { status, code: 'INVALID_RESPONSE' });
  return new BatonError(error.message, {
    status: STATUS_OF_CODE[error.code ?? ''] ?? 400,
    code: error.code,
    requestId: error.requestId,
  });
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};
