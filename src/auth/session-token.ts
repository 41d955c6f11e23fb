import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { deriveSigningKey } from './signing-key.ts';

const ALGORITHM = 'HS256';
const TYPE = 'session+jwt';
const ISSUER = 'baton';
const AUDIENCE = 'baton-dashboard';
const CLOCK_TOLERANCE_SECS = 5;
const HOUR_MS = 3_600_000;
/** How long a session lasts that nobody uses. */
const IDLE_MS = 12 * HOUR_MS;
/** How long one lasts however much it is used: whoever got hold of a cookie cannot keep it alive for ever. */
const LONGEST_MS = 7 * 24 * HOUR_MS;
/** A token younger than this is not worth a new one. */
const RENEWAL_MS = HOUR_MS;

/** A session of the dashboard: somebody who showed an API key once, and goes on in its name. */
export interface Session {
  readonly keyId: string;
  readonly signedInAt: Date;
  /** True when its token has got so old that the next answer should bring a new one. */
  readonly needsRenewal: boolean;
}

/** The token of a session and how many seconds it is good for. */
export interface MintedSession {
  readonly token: string;
  readonly lifetimeSecs: number;
}

/** Makes and reads the tokens of sessions. Whether the key behind one still works is for whoever looks it up to say. */
export interface SessionTokens {
  /** A token for 12 hours; less for a session that began nearly seven days ago, which is the longest that one lasts. */
  mint(session: Pick<Session, 'keyId' | 'signedInAt'>): Promise<MintedSession>;
  /** The session a token stands for; UNAUTHENTICATED for anything that `mint` of the same secret did not make, or that has expired. */
  verify(token: string): Promise<Session>;
}

/** Makes the session tokens of one signing secret, under a key of their own. `now` is the wall clock in milliseconds. */
export async function makeSessionTokens(secret: string, now: () => number = Date.now): Promise<SessionTokens> {
  const key = await deriveSigningKey(secret, 'baton session v1');
  return {
    async mint({ keyId, signedInAt }) {
      const issuedAt = Math.floor(now() / 1_000);
      const lifetimeSecs = Math.floor(Math.min(IDLE_MS, signedInAt.getTime() + LONGEST_MS - now()) / 1_000);
      const token = await new SignJWT({ auth_time: Math.floor(signedInAt.getTime() / 1_000) })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(keyId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSecs)
        .sign(key);
      return { token, lifetimeSecs };
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, { ...VERIFY_OPTIONS, currentDate: new Date(now()) });
        const { sub, iat, auth_time } = claimsSchema.parse(payload);
        const signedInAt = new Date(auth_time * 1_000);
        const isAtItsEnd = now() - signedInAt.getTime() >= LONGEST_MS - RENEWAL_MS;
        return { keyId: sub, signedInAt, needsRenewal: now() - iat * 1_000 >= RENEWAL_MS && !isAtItsEnd };
      } catch (cause) {
        // Why is for the log alone: whatever it was, signing in again is what helps.
        throw new AppError('UNAUTHENTICATED', 'the session has ended: sign in again', { cause });
      }
    },
  };
}

const VERIFY_OPTIONS = {
  algorithms: [ALGORITHM],
  typ: TYPE,
  issuer: ISSUER,
  audience: AUDIENCE,
  requiredClaims: ['exp', 'iat', 'sub', 'auth_time'],
  clockTolerance: CLOCK_TOLERANCE_SECS,
};

/** Not strict, as for run tokens. */
const claimsSchema = z.object({ sub: z.string().refine(isUuid), iat: z.int(), auth_time: z.int() });
