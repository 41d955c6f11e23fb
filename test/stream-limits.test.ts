import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app.ts';
import { openStream, postOf, type RawStream } from './support/event-stream.ts';

const FOLLOW = 'subscription { runChanged { cursor } }';

let t: TestApp;
let secondKey: string;
beforeAll(async () => {
  t = await startTestApp({ maxStreamsPerKey: 2, maxStreams: 3 });
  const { body } = await t.rest('POST', '/v1/api-keys', { body: { name: 'Second', scopes: ['runs:read'] } });
  secondKey = body.key;
});
afterAll(() => t.close());

async function open(path: string, key = ADMIN_KEY): Promise<RawStream> {
  const stream = await openStream(`${t.url}${path}`, postOf(key, FOLLOW));
  onTestFinished(() => stream.close());
  return stream;
}

describe('streams over a limit', () => {
  it('are refused with 429 and a time to come back, at every door, until one is closed', async () => {
    const streams = [await open('/graphql'), await open('/graphql/stream')];
    await Promise.all(streams.map((stream) => stream.next()));
    const token = await (await fetch(`${t.url}/graphql/stream`, { method: 'PUT', headers: bearer() })).text();

    const refused = await Promise.all([
      fetch(`${t.url}/graphql`, postOf(ADMIN_KEY, FOLLOW)),
      fetch(`${t.url}/graphql/stream`, postOf(ADMIN_KEY, FOLLOW)),
      fetch(`${t.url}/graphql?${new URLSearchParams({ query: FOLLOW })}`, {
        headers: { ...bearer(), accept: 'text/event-stream' },
      }),
      fetch(`${t.url}/graphql/stream?token=${token}`, { headers: { ...bearer(), accept: 'text/event-stream' } }),
    ]);

    for (const answer of refused) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '5']);
      expect(await answer.text()).toContain('this key has 2 streams open, which is the most it may have');
    }
    streams[0]?.close();
    await expect.poll(async () => (await open('/graphql')).status).toBe(200);
  });

  it('are counted in all, too, whosever they are', async () => {
    await expect.poll(() => openCount()).toBe(0);
    const streams = [await open('/graphql'), await open('/graphql'), await open('/graphql', secondKey)];

    const refused = await fetch(`${t.url}/graphql`, postOf(secondKey, FOLLOW));

    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      errors: [
        {
          message: expect.stringContaining('this server has 3 streams open'),
          extensions: { code: 'RATE_LIMITED', retryAfterSecs: 5 },
        },
      ],
    });
  });

  it('cost a refused request nothing', async () => {
    await expect.poll(() => openCount()).toBe(0);
    const unknown = 'subscription { runEvents(runId: "none") { seq } }';

    for (let again = 0; again < 5; again++) {
      const stream = await openStream(`${t.url}/graphql`, postOf(ADMIN_KEY, unknown));
      expect((await stream.rest()).length).toBe(2);
    }

    expect(await openCount()).toBe(0);
  });
});

describe('a key in the cookie', () => {
  const cookie = { cookie: `other=1; vai_token=${ADMIN_KEY}` };
  const asked = (headers: object, init: RequestInit = {}) =>
    fetch(`${t.url}/v1/runs?project_id=default`, { ...init, headers: { ...cookie, ...headers } });

  it.each([
    ['of a page of ours', { 'sec-fetch-site': 'same-origin' }, 200],
    ['of a person who typed the address', { 'sec-fetch-site': 'none' }, 200],
    ['of a program', {}, 200],
    ['of a page elsewhere', { 'sec-fetch-site': 'cross-site' }, 403],
    ['of a page of a neighbouring host', { 'sec-fetch-site': 'same-site' }, 403],
    ['of a page elsewhere, by an older browser', { origin: 'https://elsewhere.example' }, 403],
    ['of a page without an origin', { origin: 'null' }, 403],
  ])('is taken or refused by where the request comes from: %s', async (_who, headers, status) => {
    expect((await asked(headers)).status).toBe(status);
  });

  it('lets a page of ours follow events and write, and no other page', async () => {
    const url = `${t.url}/graphql?${new URLSearchParams({ query: FOLLOW })}`;
    const from = (site: string) => ({ ...cookie, accept: 'text/event-stream', 'sec-fetch-site': site });
    const ours = await openStream(url, { headers: from('same-origin') });
    onTestFinished(() => ours.close());
    const theirs = await fetch(url, { headers: from('cross-site') });
    const write = await fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { ...cookie, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'mutation { createProject(input: { id: "stolen", name: "x" }) { id } }' }),
    });

    expect([ours.status, theirs.status, write.status]).toEqual([200, 403, 403]);
    expect(await ours.next()).toMatchObject({ event: 'next' });
  });

  it('gives way to a key that the request names itself', async () => {
    expect((await asked({ authorization: 'Bearer nobody-has-this-key' })).status).toBe(401);
    expect((await asked({ 'x-api-key': ADMIN_KEY, 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });
});

function bearer(): Record<string, string> {
  return { authorization: `Bearer ${ADMIN_KEY}` };
}

async function openCount(): Promise<number> {
  const { body } = await t.rest('GET', '/metrics', { key: null });
  const counts = String(body).matchAll(/^baton_open_streams\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
