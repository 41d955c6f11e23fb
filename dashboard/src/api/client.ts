import { Client, cacheExchange, fetchExchange, mapExchange } from '@urql/core';
import { makeSignal } from './signal.ts';

/** Whether the server has said that nobody is signed in; the app shows the sign-in screen while it is true. */
export const signedOut = makeSignal(false);

/** True for an answer that means: sign in (again). */
function isUnauthenticated(error: {
  readonly graphQLErrors: readonly { readonly extensions?: Record<string, unknown> }[];
}): boolean {
  return error.graphQLErrors.some(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED');
}

/** The one client of `/graphql`; the session cookie is its credential. */
export function makeClient(): Client {
  return new Client({
    url: '/graphql',
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetchOptions: { credentials: 'same-origin' },
    exchanges: [
      cacheExchange,
      mapExchange({
        onError(error) {
          if (isUnauthenticated(error)) signedOut.set(true);
        },
      }),
      fetchExchange,
    ],
  });
}
