import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { RunActor } from './actor.ts';
import { deriveKeyBytes, deriveSigningKey } from './signing-key.ts';

const PURPOSE = 'baton run token v1';
const ALGORITHM = 'HS256';
const TYPE = 'run+jwt';
const ISSUER = 'baton';
const AUDIENCE = 'baton-sdk';
/** Seconds by which the clocks of two servers may differ. */
const CLOCK_TOLERANCE_SECS = 5;

/** What one run token stands for: one claim (`epoch`) of one run, until the deadline of the attempt. */
export interface RunTokenClaims {
  readonly runId: string;
  readonly projectId: string;
  readonly epoch: number;
  readonly expiresAt: Date;
}

/**
 * Makes and reads run tokens. Whether the claim in a token is still the current one is for the update that it asks for to check.
 */
export interface RunTokens {
  /** The token of one claim, as a compact JWT. Expires at `expiresAt`, in whole seconds. */
  mint(claims: RunTokenClaims): string;
  /**
   * The actor a token stands for; UNAUTHENTICATED for anything that `mint` of the same secret did not make, or that has expired.
   */
  verify(token: string): Promise<RunActor>;
}

/**
 * Makes the run tokens of one signing secret; every server process that shares the secret reads the tokens of the others. Throws
 * when the secret has fewer than 32 characters.
 */
export async function makeRunTokens(secret: string): Promise<RunTokens> {
  const signingKey = createSecretKey(deriveKeyBytes(secret, PURPOSE));
  const key = await deriveSigningKey(secret, PURPOSE);
  return {
    mint: (claims) => sign(claims, signingKey),
    async verify(token) {
      try {
        // One fixed algorithm and one fixed key: what the header says about either (`alg`, `kid`, `jku`, `jwk`) chooses nothing.
        const { payload } = await jwtVerify(token, key, VERIFY_OPTIONS);
        const { sub, pid, epoch } = claimsSchema.parse(payload);
        return { kind: 'run', projectId: pid, runId: sub, epoch };
      } catch (cause) {
        // Whatever is wrong with it, it is not a token of ours; the cause is kept for the log and not told to the caller.
        throw new AppError('UNAUTHENTICATED', 'invalid run token', { cause });
      }
    },
  };
}

const VERIFY_OPTIONS = {
  algorithms: [ALGORITHM],
  typ: TYPE,
  issuer: ISSUER,
  audience: AUDIENCE,
  requiredClaims: ['exp', 'iat', 'sub', 'pid', 'epoch'],
  clockTolerance: CLOCK_TOLERANCE_SECS,
};

/** Not strict: a claim that a newer server adds must not make an older one refuse the token while both are running. */
const claimsSchema = z.object({
  sub: z.string().refine(isUuid),
  pid: z.string().min(1),
  epoch: z.int().min(0),
});

const HEADER = Buffer.from(JSON.stringify({ alg: ALGORITHM, typ: TYPE })).toString('base64url');

/**
 * Signs by hand and at once, since a bulk trigger mints a token for each of 100,000 runs and every dispatch one more (measured: 5 µs a
 * token against 31 µs through jose, whose signatures go through the thread pool). Reading tokens, where mistakes are dangerous, is jose's.
 */
function sign({ runId, projectId, epoch, expiresAt }: RunTokenClaims, key: KeyObject): string {
  const claims = {
    pid: projectId,
    epoch,
    iss: ISSUER,
    aud: AUDIENCE,
    sub: runId,
    iat: Math.floor(Date.now() / 1_000),
    exp: Math.floor(expiresAt.getTime() / 1_000),
  };
  const text = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
