import type { ExecutionResult, GraphQLError } from 'graphql';

/** The id of the event that concludes a result which will never have another: whoever comes back with it is told to stay away. */
export const CONCLUDED_ID = 'end';

/** A result as it is sent: what its errors tell the HTTP layer is left out. */
export function toPayload(result: ExecutionResult): object {
  if (!result.errors) return { data: result.data, ...(result.extensions && { extensions: result.extensions }) };
  const errors = result.errors.map((error) => {
    const { extensions: { http: _http, ...extensions } = {}, ...rest } = error.toJSON();
    return { ...rest, extensions };
  });
  return 'data' in result ? { data: result.data, errors } : { errors };
}

/**
 * The HTTP status of a request that was refused as a whole, with the headers that go with it; null for what a stream tells by itself. A
 * document that cannot be executed is told in the stream: a browser shows its script nothing of a refused one.
 */
export function refusalOf(
  result: ExecutionResult,
): { readonly status: number; readonly headers: Readonly<Record<string, string>> } | null {
  const http = result.errors?.map(httpOf).find((found) => found?.status !== undefined && found.status !== 400);
  return http?.status ? { status: http.status, headers: http.headers ?? {} } : null;
}

function httpOf(error: GraphQLError): { readonly status?: number; readonly headers?: Record<string, string> } | undefined {
  return error.extensions.http;
}
