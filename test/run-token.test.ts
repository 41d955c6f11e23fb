import { createHmac, generateKeyPairSync, hkdfSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { mintApiKey } from '../src/auth/api-key.ts';
import { makeRunTokens } from '../src/auth/run-token.ts';
import { newId } from '../src/core/ids.ts';

const SECRET = 'a secret that is long enough for us';
const KEY = Buffer.from(hkdfSync('sha256', SECRET, '', 'baton run token v1', 32));
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const RUN = { runId: newId(), projectId: 'acme', epoch: 3 };
const INVALID = { code: 'UNAUTHENTICATED', message: 'invalid run token' };

const nowSecs = () => Math.floor(Date.now() / 1_000);
const inSecs = (secs: number) => new Date(Date.now() + secs * 1_000);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const goodHeader = { alg: 'HS256', typ: 'run+jwt' };
const goodClaims = () => ({
  iss: 'baton',
  aud: 'baton-sdk',
  sub: RUN.runId,
  pid: RUN.projectId,
  epoch: RUN.epoch,
  iat: nowSecs(),
  exp: nowSecs() + 60,
});

/**
 * A token of any header and claims, by default signed with the very key of the server: wrong in nothing but what the caller
 * changed.
 */
function forge(header: object, claims: unknown, key: Buffer | string = KEY): string {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

function without(claim: string): object {
  return Object.fromEntries(Object.entries(goodClaims()).filter(([name]) => name !== claim));
}

function signedByRsa(): string {
  const body = `${encode({ ...goodHeader, alg: 'RS256' })}.${encode(goodClaims())}`;
  return `${body}.${sign('sha256', Buffer.from(body), RSA.privateKey).toString('base64url')}`;
}

function part(token: string, at: number): string {
  return token.split('.')[at] ?? '';
}

const good = forge(goodHeader, goodClaims());
const publicPem = RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const attackersKey = Buffer.alloc(32, 7);
const attackersJwk = { kty: 'oct', k: attackersKey.toString('base64url') };

const FORGED: readonly (readonly [string, string])[] = [
  ['alg none, no signature', `${encode({ alg: 'none', typ: 'run+jwt' })}.${encode(goodClaims())}.`],
  ['alg none, the signature of another token', `${encode({ alg: 'none', typ: 'run+jwt' })}.${part(good, 1)}.${part(good, 2)}`],
  ['alg NONE in capitals', forge({ ...goodHeader, alg: 'NONE' }, goodClaims())],
  ['alg missing', forge({ typ: 'run+jwt' }, goodClaims())],
  ['RS256 by a key of the attacker', signedByRsa()],
  ['HS256 with a public key as the secret', forge(goodHeader, goodClaims(), publicPem)],
  ['HS256 said, HS512 meant', forge({ ...goodHeader, alg: 'HS512' }, goodClaims())],
  ['another secret', forge(goodHeader, goodClaims(), attackersKey)],
  ['the secret itself instead of the key derived from it', forge(goodHeader, goodClaims(), SECRET)],
  ['an empty secret', forge(goodHeader, goodClaims(), '')],
  ['jwk header with the key it is signed with', forge({ ...goodHeader, jwk: attackersJwk }, goodClaims(), attackersKey)],
  ['jku header', forge({ ...goodHeader, jku: 'http://127.0.0.1:9/keys' }, goodClaims(), attackersKey)],
  ['kid header', forge({ ...goodHeader, kid: '../../dev/null' }, goodClaims(), '')],
  ['unknown critical header', forge({ ...goodHeader, crit: ['exp2'], exp2: 1 }, goodClaims())],
  ['unencoded payload (b64 false)', forge({ ...goodHeader, crit: ['b64'], b64: false }, goodClaims())],
  ['typ of a plain JWT', forge({ ...goodHeader, typ: 'JWT' }, goodClaims())],
  ['no typ', forge({ alg: 'HS256' }, goodClaims())],
  ['another issuer', forge(goodHeader, { ...goodClaims(), iss: 'somebody' })],
  ['another audience', forge(goodHeader, { ...goodClaims(), aud: 'baton-dashboard' })],
  ...['iss', 'aud', 'sub', 'pid', 'epoch', 'iat', 'exp'].map(
    (claim) => [`no ${claim}`, forge(goodHeader, without(claim))] as const,
  ),
  ['expired six seconds ago', forge(goodHeader, { ...goodClaims(), exp: nowSecs() - 6 })],
  ['exp as text', forge(goodHeader, { ...goodClaims(), exp: '9999999999' })],
  ['not valid yet', forge(goodHeader, { ...goodClaims(), nbf: nowSecs() + 60 })],
  ['a run id that is none', forge(goodHeader, { ...goodClaims(), sub: "' or true --" })],
  ['a project id that is a list', forge(goodHeader, { ...goodClaims(), pid: ['acme', 'other'] })],
  ['epoch as text', forge(goodHeader, { ...goodClaims(), epoch: '3' })],
  ['epoch with a fraction', forge(goodHeader, { ...goodClaims(), epoch: 3.5 })],
  ['epoch below zero', forge(goodHeader, { ...goodClaims(), epoch: -1 })],
  ['epoch null', forge(goodHeader, { ...goodClaims(), epoch: null })],
  ['claims that are a list', forge(goodHeader, [goodClaims()])],
  [
    'claims of another run under the old signature',
    `${part(good, 0)}.${encode({ ...goodClaims(), sub: newId() })}.${part(good, 2)}`,
  ],
  ['a later epoch under the old signature', `${part(good, 0)}.${encode({ ...goodClaims(), epoch: 4 })}.${part(good, 2)}`],
  ['signature cut short', good.slice(0, -2)],
  ['signature gone', `${part(good, 0)}.${part(good, 1)}.`],
  ['two parts', `${part(good, 0)}.${part(good, 1)}`],
  ['four parts', `${good}.${part(good, 2)}`],
  ['five parts, as an encrypted token has', `${good}..`],
  ['a space before it', ` ${good}`],
  ['nothing', ''],
  ['an API key', mintApiKey().key],
];

describe('a run token', () => {
  it('comes back as the actor it was minted for', async () => {
    const tokens = await makeRunTokens(SECRET);

    const token = await tokens.mint({ ...RUN, expiresAt: inSecs(60) });

    expect(await tokens.verify(token)).toEqual({ kind: 'run', ...RUN });
  });

  it('has the published header and claims, and nothing else', async () => {
    const tokens = await makeRunTokens(SECRET);
    const expiresAt = inSecs(60);

    const token = await tokens.mint({ ...RUN, expiresAt });

    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'run+jwt' });
    expect(decodeJwt(token)).toEqual({
      ...goodClaims(),
      iat: expect.any(Number),
      exp: Math.floor(expiresAt.getTime() / 1_000),
    });
  });

  it('is read by another process with the same secret, and by none with another', async () => {
    const token = await (await makeRunTokens(SECRET)).mint({ ...RUN, expiresAt: inSecs(60) });

    await expect((await makeRunTokens(SECRET)).verify(token)).resolves.toMatchObject(RUN);
    await expect((await makeRunTokens(`${SECRET}!`)).verify(token)).rejects.toMatchObject(INVALID);
  });

  it('is still good within the tolerance for clocks that differ', async () => {
    const tokens = await makeRunTokens(SECRET);

    await expect(tokens.verify(await tokens.mint({ ...RUN, expiresAt: inSecs(-2) }))).resolves.toMatchObject(RUN);
    await expect(tokens.verify(await tokens.mint({ ...RUN, expiresAt: inSecs(-7) }))).rejects.toMatchObject(INVALID);
  });

  it('may carry claims that a newer server added', async () => {
    const tokens = await makeRunTokens(SECRET);

    await expect(tokens.verify(forge(goodHeader, { ...goodClaims(), shiny: true }))).resolves.toEqual({ kind: 'run', ...RUN });
  });

  it('cannot be minted with a secret of fewer than 32 characters', async () => {
    await expect(makeRunTokens('x'.repeat(31))).rejects.toThrow(
      'the signing secret must have at least 32 characters, this one has 31',
    );
    await expect(makeRunTokens('x'.repeat(32))).resolves.toBeDefined();
  });
});

describe('a forged run token', () => {
  it('would pass if it were not forged', async () => {
    const tokens = await makeRunTokens(SECRET);

    await expect(tokens.verify(forge(goodHeader, goodClaims()))).resolves.toEqual({ kind: 'run', ...RUN });
  });

  it.each(FORGED)('is refused: %s', async (_what, token) => {
    const tokens = await makeRunTokens(SECRET);

    await expect(tokens.verify(token)).rejects.toMatchObject(INVALID);
  });

  it('is refused whatever the text', async () => {
    const tokens = await makeRunTokens(SECRET);
    const base64url = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(base64url, { maxLength: 6 }).map((parts) => parts.join('.')),
      fc.tuple(fc.json(), fc.json(), base64url).map(([header, claims, end]) => `${encode(header)}.${encode(claims)}.${end}`),
    );

    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        await expect(tokens.verify(token)).rejects.toMatchObject(INVALID);
      }),
      { numRuns: 100 },
    );
  });
});
