import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Pool } from 'pg';
import type { KeyActor } from './auth/actor.ts';
import type { Authenticator } from './auth/authenticate.ts';
import { cookieOf, SESSION_COOKIE, sessionCookie } from './auth/cookies.ts';
import { requireSameOrigin } from './auth/same-origin.ts';
import type { Session, SessionTokens } from './auth/session-token.ts';
import { redeemSignInToken } from './auth/sign-in-token.ts';
import { makeAttemptLimit } from './core/attempt-limit.ts';
import { AppError } from './core/errors.ts';
import { networkOf } from './core/network.ts';

/** Attempts of one address to sign in that may fail within the window. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;

/** What somebody signs in with: an API key, or a token that was made to be used once. */
export type SignIn = { readonly apiKey: string } | { readonly token: string };

/**
 * The sessions of the dashboard. A session is nothing but the permission to go on in the name of an API key without showing it: it lives in
 * a cookie, every request with it looks the key up, and it is over the moment the key is.
 */
export interface Sessions {
  /**
   * Opens a session and sets its cookie; UNAUTHENTICATED for what opens none, RATE_LIMITED for an address that tried too often, FORBIDDEN
   * for a page of another origin, which could otherwise sign its visitors in as somebody else.
   */
  open(req: IncomingMessage, res: ServerResponse, signIn: SignIn): Promise<KeyActor>;
  /** Who a request with a session's cookie comes from, or null when it has none; renews the cookie now and then. FORBIDDEN as for `open`. */
  resume(req: IncomingMessage, res: ServerResponse): Promise<KeyActor | null>;
  /** Makes the browser forget its session, if it has one. FORBIDDEN as for `open`. */
  end(req: IncomingMessage, res: ServerResponse): void;
}

interface SessionDeps {
  readonly pool: Pool;
  readonly authenticator: Authenticator;
  readonly tokens: SessionTokens;
}

/** Makes the {@link Sessions} of a process. */
export function makeSessions({ pool, authenticator, tokens }: SessionDeps): Sessions {
  const failures = makeAttemptLimit({ max: MAX_FAILURES, windowMs: WINDOW_MS, now: () => performance.now() });

  async function show(signIn: SignIn): Promise<KeyActor> {
    if ('apiKey' in signIn) return authenticator.byKey(signIn.apiKey);
    const keyId = await redeemSignInToken(pool, signIn.token);
    if (keyId === null) throw new AppError('UNAUTHENTICATED', 'this sign-in link was used before or is too old: use an API key');
    return authenticator.byId(keyId);
  }

  async function setCookie(req: IncomingMessage, res: ServerResponse, session: Pick<Session, 'keyId' | 'signedInAt'>) {
    const { token, lifetimeSecs } = await tokens.mint(session);
    res.setHeader('set-cookie', sessionCookie(token, { maxAgeSecs: lifetimeSecs, isSecure: cameByHttps(req) }));
  }

  return {
    async open(req, res, signIn) {
      requireSameOrigin(req.headers);
      const actor = await failures.attempt(networkOf(req.socket.remoteAddress ?? ''), () => show(signIn));
      await setCookie(req, res, { keyId: actor.keyId, signedInAt: new Date() });
      return actor;
    },
    async resume(req, res) {
      const token = cookieOf(req.headers, SESSION_COOKIE);
      if (token === null) return null;
      requireSameOrigin(req.headers);
      const session = await tokens.verify(token);
      const actor = await authenticator.byId(session.keyId);
      if (session.needsRenewal) await setCookie(req, res, session);
      return actor;
    },
    end(req, res) {
      requireSameOrigin(req.headers);
      res.setHeader('set-cookie', sessionCookie('', { maxAgeSecs: 0, isSecure: cameByHttps(req) }));
    },
  };
}

/** By itself, or as the proxy before us says; a client that says so wrongly only keeps its own cookie from coming back. */
function cameByHttps(req: IncomingMessage): boolean {
  const forwarded = req.headers['x-forwarded-proto'];
  return (req.socket as Partial<TLSSocket>).encrypted === true || (typeof forwarded === 'string' && /^https\b/.test(forwarded));
}
