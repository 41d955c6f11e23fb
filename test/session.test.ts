import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeSessionTokens } from '../src/auth/session-token.ts';
import { makeStreamTokens } from '../src/auth/stream-token.ts';
import { makeAttemptLimit } from '../src/core/attempt-limit.ts';
import { AppError } from '../src/core/errors.ts';
import { networkOf } from '../src/core/network.ts';
import { ADMIN_KEY, SECRET, startTestApp, type TestApp } from './support/app.ts';
import { openStream, postOf } from './support/event-stream.ts';

const HOUR_MS = 3_600_000;
const FOLLOW = 'subscription { runChanged { cursor } }';
const CREATE = 'mutation { createProject(input: { id: "stolen", name: "x" }) { id } }';

let t: TestApp;
let pool: pg.Pool;
let keyId: string;
beforeAll(async () => {
  t = await startTestApp({ maxStreamsPerKey: 3 });
  pool = new pg.Pool({ connectionString: t.databaseUrl, max: 2 });
  keyId = (await t.rest('GET', '/session', { headers: { cookie: await signIn() }, key: null })).body.key_id;
});
afterAll(async () => {
  await pool.end();
  await t.close();
});

/** Signs in and answers the cookie as a browser would send it. */
async function signIn(body: object = { api_key: ADMIN_KEY }): Promise<string> {
  const { headers, status } = await t.rest('POST', '/session', { body, key: null });
  expect(status).toBe(200);
  return headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

/** The cookie of a session that began and was renewed so long ago. */
async function oldCookie({ signedInMs = 0, renewedMs = signedInMs }: { signedInMs?: number; renewedMs?: number }) {
  const tokens = await makeSessionTokens(SECRET, () => Date.now() - renewedMs);
  const { token } = await tokens.mint({ keyId, signedInAt: new Date(Date.now() - signedInMs) });
  return `baton_session=${token}`;
}

const withCookie = (cookie: string, headers: Record<string, string> = {}) => ({ key: null, headers: { cookie, ...headers } });

describe('signing in', () => {
  it('with an API key sets a cookie that no script reads and no other site sends', async () => {
    const plain = await t.rest('POST', '/session', { body: { api_key: ADMIN_KEY }, key: null });
    const behindTls = await t.rest('POST', '/session', {
      body: { api_key: ADMIN_KEY },
      key: null,
      headers: { 'x-forwarded-proto': 'https' },
    });

    expect(plain.status).toBe(200);
    expect(plain.body).toEqual({ project_id: 'default', key_id: keyId, scopes: ['*', 'instance:admin'] });
    expect(plain.headers.get('set-cookie')).toMatch(
      /^baton_session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(behindTls.headers.get('set-cookie')).toMatch(/; SameSite=Strict; Secure$/);
    expect(plain.headers.get('set-cookie')).not.toContain(ADMIN_KEY);
  });

  it.each([
    ['a key nobody has', { api_key: 'nobody-has-this-key' }, 401, 'invalid api key'],
    ['a token nobody made', { token: 'x' }, 401, 'this sign-in link was used before or is too old: use an API key'],
    ['nothing', {}, 400, 'validation failed'],
    ['both', { api_key: ADMIN_KEY, token: 'x' }, 400, 'validation failed'],
    ['a number', { api_key: 1 }, 400, 'validation failed'],
    ['something else', { api_key: ADMIN_KEY, remember: true }, 400, 'validation failed'],
    ['no JSON', '{', 400, 'invalid request body'],
    ['too much', { api_key: 'x'.repeat(5_000) }, 413, 'request body is larger than 4096 bytes'],
  ])('with %s opens nothing', async (_what, body, status, error) => {
    const answer = await t.rest('POST', '/session', { body, key: null });

    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('is not for forms, nor for pages elsewhere', async () => {
    const form = await fetch(`${t.url}/session`, { method: 'POST', body: new URLSearchParams({ api_key: ADMIN_KEY }) });
    const elsewhere = await t.rest('POST', '/session', {
      body: { api_key: ADMIN_KEY },
      key: null,
      headers: { 'sec-fetch-site': 'cross-site' },
    });

    expect([form.status, elsewhere.status]).toEqual([415, 403]);
    expect([form.headers.get('set-cookie'), elsewhere.headers.get('set-cookie')]).toEqual([null, null]);
  });

  it('out makes the browser forget the cookie, for our own pages alone', async () => {
    const elsewhere = await t.rest('DELETE', '/session', { key: null, headers: { 'sec-fetch-site': 'same-site' } });
    const ours = await t.rest('DELETE', '/session', withCookie(await signIn(), { 'sec-fetch-site': 'same-origin' }));

    expect([elsewhere.status, ours.status]).toEqual([403, 204]);
    expect(ours.headers.get('set-cookie')).toBe('baton_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict');
    expect((await t.rest('GET', '/session', { key: null })).body.error).toBe('nobody is signed in');
    expect((await t.rest('PATCH', '/session', { key: null })).headers.get('allow')).toBe('GET, HEAD, POST, DELETE');
  });
});

describe('a one-time token', () => {
  it('signs in as the first admin once, whoever else tries at the same time', async () => {
    const token = await t.app.createSignInToken();
    const tries = await Promise.all(Array.from({ length: 4 }, () => t.rest('POST', '/session', { body: { token }, key: null })));

    expect(tries.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect(tries.find(({ status }) => status === 200)?.body.key_id).toBe(keyId);
  });

  it('is stored as a hash, and is of no use after 15 minutes', async () => {
    const token = await t.app.createSignInToken();
    const { rows } = await pool.query('select s::text as text, expires_at - now() as left from sign_in_tokens s');
    await pool.query("update sign_in_tokens set expires_at = expires_at - interval '15 minutes'");
    const late = await t.rest('POST', '/session', { body: { token }, key: null });

    expect(rows).toEqual([{ text: expect.not.stringContaining(token ?? ''), left: expect.objectContaining({ minutes: 14 }) }]);
    expect(late.status).toBe(401);
  });

  it('that nobody redeems is forgotten with the next', async () => {
    await t.app.createSignInToken();
    await pool.query("update sign_in_tokens set expires_at = expires_at - interval '15 minutes'");
    await t.app.createSignInToken();

    expect((await pool.query('delete from sign_in_tokens')).rowCount).toBe(1);
  });
});

describe('a session', () => {
  it('opens every door that its key opens', async () => {
    const cookie = await signIn();
    const stream = await openStream(`${t.url}/graphql?${new URLSearchParams({ query: FOLLOW })}`, {
      headers: { cookie, accept: 'text/event-stream' },
    });
    onTestFinished(() => stream.close());
    const graphql = await t.rest('POST', '/graphql', { ...withCookie(cookie), body: { query: '{ viewer { keyId } }' } });

    expect((await t.rest('GET', '/session', withCookie(cookie))).body.key_id).toBe(keyId);
    expect(graphql.body.data.viewer.keyId).toBe(keyId);
    expect((await t.rest('GET', '/v1/runs?project_id=default', withCookie(`vai=1; ${cookie}; other=2`))).status).toBe(200);
    expect(await stream.next()).toMatchObject({ event: 'next' });
  });

  it('reserves and uses a single connection, and no other key finds it', async () => {
    const cookie = await signIn();
    const { body: second } = await t.rest('POST', '/v1/api-keys', { body: { name: 'second', scopes: ['runs:read'] } });
    const reserve = await fetch(`${t.url}/graphql/stream`, { method: 'PUT', headers: { cookie } });
    const token = await reserve.text();
    const stream = await openStream(`${t.url}/graphql/stream?token=${token}`, {
      headers: { cookie, accept: 'text/event-stream' },
    });
    onTestFinished(() => stream.close());
    const operate = (credential: object) =>
      fetch(`${t.url}/graphql/stream`, {
        method: 'POST',
        headers: { ...credential, 'content-type': 'application/json', 'x-graphql-event-stream-token': token },
        body: JSON.stringify({ query: '{ viewer { keyId } }', extensions: { operationId: '1' } }),
      });

    expect([reserve.status, stream.status, (await operate({ authorization: `Bearer ${second.key}` })).status]).toEqual([
      201, 200, 404,
    ]);
    expect((await operate({ cookie })).status).toBe(202);
    expect((await stream.next())?.data).toContain(keyId);
  });

  it('is taken from pages of this server alone, for reading, writing and following', async () => {
    const cookie = await signIn();
    const from = (site: string) => withCookie(cookie, { 'sec-fetch-site': site });

    for (const site of ['cross-site', 'same-site']) {
      expect((await t.rest('GET', '/session', from(site))).status).toBe(403);
      expect((await t.rest('GET', '/v1/runs?project_id=default', from(site))).status).toBe(403);
      expect((await t.rest('POST', '/graphql', { ...from(site), body: { query: CREATE } })).status).toBe(403);
      expect((await fetch(`${t.url}/graphql/stream`, { method: 'PUT', headers: from(site).headers })).status).toBe(403);
    }
    const { projects } = await t.graphql<{ projects: { edges: object[] } }>('{ projects { edges { node { id } } } }');
    expect(projects.edges).toHaveLength(1);
  });

  it('shares the streams that its key may have', async () => {
    const cookie = await signIn();
    const open = async (headers: Record<string, string>) => {
      const stream = await openStream(`${t.url}/graphql`, { ...postOf(null, FOLLOW, { more: headers }) });
      onTestFinished(() => stream.close());
      return stream.status;
    };

    const statuses = [
      await open({ cookie }),
      await open({ authorization: `Bearer ${ADMIN_KEY}` }),
      await open({ cookie }),
      await open({ cookie }),
    ];

    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('is over within a second when its key is revoked', async () => {
    const { body: made } = await t.rest('POST', '/v1/api-keys', { body: { name: 'short', scopes: ['runs:read'] } });
    const cookie = await signIn({ api_key: made.key });
    await t.rest('DELETE', `/v1/api-keys/${made.id}`);

    await expect
      .poll(async () => (await t.rest('GET', '/session', withCookie(cookie))).body.error, { timeout: 2_000 })
      .toBe('api key has been revoked');
    expect((await t.rest('POST', '/graphql', { ...withCookie(cookie), body: { query: '{ viewer { keyId } }' } })).status).toBe(
      401,
    );
  });

  it('has the scopes of its key and no more', async () => {
    const { body: made } = await t.rest('POST', '/v1/api-keys', { body: { name: 'reader', scopes: ['runs:read'] } });
    const cookie = await signIn({ api_key: made.key });

    expect((await t.rest('GET', '/session', withCookie(cookie))).body.scopes).toEqual(['runs:read']);
    expect((await t.rest('GET', '/v1/jobs?project_id=default', withCookie(cookie))).status).toBe(403);
  });

  it('ends after 12 hours without use', async () => {
    const answer = await t.rest('GET', '/session', withCookie(await oldCookie({ signedInMs: 12 * HOUR_MS + 10_000 })));

    expect([answer.status, answer.body.error]).toEqual([401, 'the session has ended: sign in again']);
  });

  it('is renewed by any request at most each hour, and ends after seven days however much it is used', async () => {
    const renewals = async (cookie: string) => {
      const rest = await t.rest('GET', '/v1/runs?project_id=default', withCookie(cookie));
      const graphql = await t.rest('POST', '/graphql', { ...withCookie(cookie), body: { query: '{ viewer { keyId } }' } });
      expect([rest.status, graphql.status]).toEqual([200, 200]);
      return [rest, graphql].map(({ headers }) => Number(/Max-Age=(\d+)/.exec(headers.get('set-cookie') ?? '')?.[1] ?? 0));
    };

    expect(await renewals(await oldCookie({ signedInMs: HOUR_MS - 10_000 }))).toEqual([0, 0]);
    expect(await renewals(await oldCookie({ signedInMs: HOUR_MS + 10_000 }))).toEqual([43_200, 43_200]);
    const nearlyOver = { signedInMs: (7 * 24 - 2) * HOUR_MS, renewedMs: HOUR_MS + 10_000 };
    for (const lifetime of await renewals(await oldCookie(nearlyOver))) expect(lifetime).toBeLessThanOrEqual(2 * 3_600);
    expect(await renewals(await oldCookie({ signedInMs: (7 * 24 - 0.5) * HOUR_MS, renewedMs: 2 * HOUR_MS }))).toEqual([0, 0]);
  });

  it('is nothing that another secret or another kind of token makes', async () => {
    const foreign = await (await makeSessionTokens('another secret, which is long enough')).mint({
      keyId,
      signedInAt: new Date(),
    });
    const { token: stream } = await (await makeStreamTokens(SECRET)).mint({ runId: keyId, projectId: 'default' });
    const [head, body, signature] = (await signIn()).slice('baton_session='.length).split('.');
    const unsigned = Buffer.from('{"alg":"none","typ":"session+jwt"}').toString('base64url');

    for (const token of [
      foreign.token,
      stream,
      ADMIN_KEY,
      '',
      `${head}.${body}.`,
      `${unsigned}.${body}.`,
      `${unsigned}.${body}.${signature}`,
    ]) {
      expect((await t.rest('GET', '/session', withCookie(`baton_session=${token}`))).status).toBe(401);
    }
  });

  it('gives way to a key that the request names itself', async () => {
    const cookie = await signIn();

    expect((await t.rest('GET', '/v1/jobs', { key: 'nobody-has-this-key', headers: { cookie } })).status).toBe(401);
  });
});

describe('failed attempts', () => {
  it('are limited per address: the right key is refused, too, until the minute is over', async () => {
    const attempt = () => t.rest('POST', '/session', { body: { api_key: 'nobody-has-this-key' }, key: null });
    await expect.poll(async () => (await attempt()).status).toBe(429);
    const right = await t.rest('POST', '/session', { body: { api_key: ADMIN_KEY }, key: null });

    expect(right.status).toBe(429);
    expect(right.body.error).toMatch(/^too many failed attempts: try again in \d+ s$/);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await t.rest('GET', '/v1/jobs')).status).toBe(200);
  });

  it('count while they are under way, and successes and outages do not', async () => {
    const clock = { ms: 0 };
    const limit = makeAttemptLimit({ max: 2, windowMs: 1_000, now: () => clock.ms });
    const fail = () => Promise.reject(new AppError('UNAUTHENTICATED', 'no'));
    const hang = new Promise<never>(() => {});

    for (let again = 0; again < 5; again++) await limit.attempt('a', async () => 'fine');
    for (let again = 0; again < 5; again++) {
      await expect(limit.attempt('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    }
    void limit.attempt('a', () => hang);
    await expect(limit.attempt('a', fail)).rejects.toThrow('no');
    await expect(limit.attempt('a', fail)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSecs: 1 });
    await expect(limit.attempt('b', fail)).rejects.toThrow('no');
    clock.ms = 1_000;
    await expect(limit.attempt('a', fail)).rejects.toThrow('no');
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('of %s are those of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
