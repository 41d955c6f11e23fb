import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from './auth/actor.ts';
import type { Authenticate } from './auth/authenticate.ts';
import type { RunTokens } from './auth/run-token.ts';
import type { StreamTokens } from './auth/stream-token.ts';
import { AppError } from './core/errors.ts';

/** Which credential a request must bring: an API key everywhere, the run token alone under `/sdk/v1`. */
export type CredentialKind = 'key' | 'run-token';

/** What says who sent a request. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  readonly kind: CredentialKind;
  /** The token in the URL of an event stream, which then counts alone; null on every other request. */
  readonly streamToken: string | null;
}

/** Says who sent a request; UNAUTHENTICATED when it does not say so itself. */
export type ReadActor = (credentials: Credentials) => Promise<Actor>;

interface CredentialDeps {
  readonly authenticate: Authenticate;
  readonly tokens: RunTokens;
  readonly streamTokens: StreamTokens;
}

/** Makes {@link ReadActor}: a key as a bearer token or in `X-API-Key`, a run token as a bearer token. */
export function makeReadActor(deps: CredentialDeps): ReadActor {
  return async ({ headers, kind, streamToken }) => {
    if (streamToken !== null) return deps.streamTokens.verify(streamToken);
    const bearer = bearerOf(headers.authorization);
    if (kind === 'run-token') {
      if (bearer === null) throw new AppError('UNAUTHENTICATED', 'missing or invalid authorization header');
      return deps.tokens.verify(bearer);
    }
    const named = headers['x-api-key'];
    const key = bearer ?? (typeof named === 'string' ? named : null);
    if (key === null) throw new AppError('UNAUTHENTICATED', 'invalid or missing api key');
    return deps.authenticate(key);
  };
}

function bearerOf(authorization: string | undefined): string | null {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  return match?.[1] ?? null;
}
