import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { StreamActor } from './actor.ts';
import { deriveSigningKey } from './signing-key.ts';

const ALGORITHM = 'HS256';
const TYPE = 'stream+jwt';
const ISSUER = 'baton';
const AUDIENCE = 'baton-stream';
const CLOCK_TOLERANCE_SECS = 5;
/** How long a stream may be opened with a token: it travels in URLs, which end up in logs of others. */
const LIFETIME_MS = 5 * 60_000;

/** A stream token and when it stops opening streams. */
export interface MintedStreamToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Makes and reads stream tokens, with which a browser, which cannot send headers with an EventSource, follows one run. */
export interface StreamTokens {
  /** A token for the streams of one run; it expires after five minutes, in whole seconds. */
  mint(run: { readonly runId: string; readonly projectId: string }): Promise<MintedStreamToken>;
  /** The actor a token stands for; UNAUTHENTICATED for anything that `mint` of the same secret did not make, or that has expired. */
  verify(token: string): Promise<StreamActor>;
}

/** Makes the stream tokens of one signing secret, under a key of their own: a run token is none of them, and the other way round. */
export async function makeStreamTokens(secret: string): Promise<StreamTokens> {
  const key = await deriveSigningKey(secret, 'baton stream token v1');
  return {
    async mint({ runId, projectId }) {
      const expiresAt = new Date(Math.floor((Date.now() + LIFETIME_MS) / 1_000) * 1_000);
      const token = await new SignJWT({ pid: projectId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(runId)
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expiresAt };
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, VERIFY_OPTIONS);
        const { sub, pid } = claimsSchema.parse(payload);
        return { kind: 'stream', projectId: pid, runId: sub };
      } catch (cause) {
        // As for run tokens: why is for the log alone.
        throw new AppError('UNAUTHENTICATED', 'invalid stream token', { cause });
      }
    },
  };
}

const VERIFY_OPTIONS = {
  algorithms: [ALGORITHM],
  typ: TYPE,
  issuer: ISSUER,
  audience: AUDIENCE,
  requiredClaims: ['exp', 'iat', 'sub', 'pid'],
  clockTolerance: CLOCK_TOLERANCE_SECS,
};

/** Not strict, as for run tokens. */
const claimsSchema = z.object({ sub: z.string().refine(isUuid), pid: z.string().min(1) });
