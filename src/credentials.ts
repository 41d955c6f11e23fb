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

/**
 * Makes {@link ReadActor}: a key as a bearer token, in `X-API-Key` or in the cookie `vai_token`; a run token as a bearer token. FORBIDDEN
 * for a cookie that a page of another origin made the browser send along.
 */
export function makeReadActor(deps: CredentialDeps): ReadActor {
  return async ({ headers, kind, streamToken }) => {
    if (streamToken !== null) return deps.streamTokens.verify(streamToken);
    const bearer = bearerOf(headers.authorization);
    if (kind === 'run-token') {
      if (bearer === null) throw new AppError('UNAUTHENTICATED', 'missing or invalid authorization header');
      return deps.tokens.verify(bearer);
    }
    const named = headers['x-api-key'];
    const key = bearer ?? (typeof named === 'string' ? named : keyInCookie(headers));
    if (key === null) throw new AppError('UNAUTHENTICATED', 'invalid or missing api key');
    return deps.authenticate(key);
  };
}

function bearerOf(authorization: string | undefined): string | null {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  return match?.[1] ?? null;
}

const COOKIE = 'vai_token';

/** The key in the cookie (reference 004), which only pages of our own origin may use. */
function keyInCookie(headers: IncomingHttpHeaders): string | null {
  const pair = headers.cookie?.split(';').find((part) => part.trimStart().startsWith(`${COOKIE}=`));
  if (pair === undefined) return null;
  requireSameOrigin(headers);
  return pair.slice(pair.indexOf('=') + 1).trim();
}

/**
 * Browsers add cookies to whatever any page asks for, so a credential in one proves nothing about who asks. They also say where a
 * request comes from, and no page can make them lie: a request from elsewhere is refused, a read or a stream just like a write. A client
 * that says neither is no browser, and sends the cookie because it wants to.
 */
function requireSameOrigin(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  const isOurs = site === undefined ? isSameHost(headers.origin, headers.host) : site === 'same-origin' || site === 'none';
  if (isOurs && isSameHost(headers.origin, headers.host)) return;
  throw new AppError('FORBIDDEN', 'the cookie is taken from pages of this server only: send the key as a bearer token instead');
}

function isSameHost(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
