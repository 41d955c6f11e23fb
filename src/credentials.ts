import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Actor } from './auth/actor.ts';
import type { Authenticator } from './auth/authenticate.ts';
import { cookieOf, KEY_COOKIE } from './auth/cookies.ts';
import type { RunTokens } from './auth/run-token.ts';
import { requireSameOrigin } from './auth/same-origin.ts';
import type { StreamTokens } from './auth/stream-token.ts';
import { AppError } from './core/errors.ts';
import type { Sessions } from './sessions.ts';

/** Which credential a request must bring: an API key everywhere, the run token alone under `/sdk/v1`. */
export type CredentialKind = 'key' | 'run-token';

/** What says who sent a request. */
export interface Credentials {
  readonly req: IncomingMessage;
  /** Gets the cookie of a session that is due for a new one. */
  readonly res: ServerResponse;
  readonly kind: CredentialKind;
  /** The token in the URL of an event stream, which then counts alone; null on every other request. */
  readonly streamToken: string | null;
}

/** Says who sent a request; UNAUTHENTICATED when it does not say so itself. */
export type ReadActor = (credentials: Credentials) => Promise<Actor>;

interface CredentialDeps {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly tokens: RunTokens;
  readonly streamTokens: StreamTokens;
}

/**
 * Makes {@link ReadActor}: a key as a bearer token, in `X-API-Key` or in the cookie `vai_token`, or else the dashboard's session; a run
 * token as a bearer token. FORBIDDEN for a cookie that a page of another origin made the browser send along.
 */
export function makeReadActor({ authenticator, sessions, tokens, streamTokens }: CredentialDeps): ReadActor {
  return async ({ req, res, kind, streamToken }) => {
    const { headers } = req;
    if (streamToken !== null) return streamTokens.verify(streamToken);
    const bearer = bearerOf(headers.authorization);
    if (kind === 'run-token') {
      if (bearer === null) throw new AppError('UNAUTHENTICATED', 'missing or invalid authorization header');
      return tokens.verify(bearer);
    }
    const named = headers['x-api-key'];
    const key = bearer ?? (typeof named === 'string' ? named : keyInCookie(req));
    if (key !== null) return authenticator.byKey(key);
    const actor = await sessions.resume(req, res);
    if (actor === null) throw new AppError('UNAUTHENTICATED', 'invalid or missing api key');
    return actor;
  };
}

function bearerOf(authorization: string | undefined): string | null {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  return match?.[1] ?? null;
}

/** The key in the cookie (reference 004), which only pages of our own origin may use. */
function keyInCookie({ headers }: IncomingMessage): string | null {
  const key = cookieOf(headers, KEY_COOKIE);
  if (key !== null) requireSameOrigin(headers);
  return key;
}
