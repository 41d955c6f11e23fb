import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeRestHandler } from '../rest/adapter.ts';
import { errorSchema } from '../rest/problem-schema.ts';
import { defineRoute, gql, type Route } from '../rest/route.ts';
import { JSON_KEY, KEY, postNote, sendRaw, startToy } from './support/rest-toy.ts';
import { toySchema } from './support/rest-toy-schema.ts';

describe('a request', () => {
  it('runs the row’s document and answers in the documented shape', async () => {
    await using toy = await startToy();

    const created = await postNote(toy, '{"text":"hi","data":{"a":[1,null]}}', { ...JSON_KEY, 'idempotency-key': 'k1' });
    const read = await fetch(`${toy.url}/v1/notes/k1`, { headers: KEY });

    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({ id: 'k1', body_text: 'hi', data: { a: [1, null] } });
    expect(read.status).toBe(200);
    expect(await read.json()).toEqual({ id: 'k1', body_text: 'hi', data: { a: [1, null] } });
  });

  it('lets the data choose among the documented statuses', async () => {
    await using toy = await startToy();

    expect((await postNote(toy, '{"text":"again"}')).status).toBe(200);
  });

  it('carries the common headers, and the exact length of a body beyond ASCII', async () => {
    await using toy = await startToy();

    const answer = await postNote(toy, '{"text":"żółć 🎉"}');
    const text = await answer.text();

    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'x-api-version': 'v1',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    });
  });

  it('keeps a harmless request id and replaces any other', async () => {
    await using toy = await startToy();
    const idFor = async (given: string) =>
      (await fetch(`${toy.url}/v1/notes`, { headers: { ...KEY, 'x-request-id': given } })).headers.get('x-request-id');

    expect(await idFor('abc_1-2')).toBe('abc_1-2');
    expect(await idFor('a b')).not.toBe('a b');
    expect(await idFor('x'.repeat(129))).not.toContain('xxx');
    expect(toy.asked[0]?.requestId).toBe('abc_1-2');
  });

  it('answers 204 without a body, and takes an optional body', async () => {
    await using toy = await startToy();

    const bare = await fetch(`${toy.url}/v1/notes/1`, { method: 'DELETE', headers: KEY });
    const withBody = await fetch(`${toy.url}/v1/notes/1`, { method: 'DELETE', headers: JSON_KEY, body: '{"reason":"old"}' });

    expect([bare.status, withBody.status]).toEqual([204, 204]);
    expect(bare.headers.has('content-length')).toBe(false);
    expect(await bare.text()).toBe('');
  });

  it('answers HEAD like GET without the body', async () => {
    await using toy = await startToy();

    const get = await fetch(`${toy.url}/v1/notes`, { headers: KEY });
    const head = await fetch(`${toy.url}/v1/notes`, { method: 'HEAD', headers: KEY });

    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });

  it('links to the next page with the caller’s own filters and an encoded cursor', async () => {
    await using toy = await startToy();
    await postNote(toy, '{"text":"a"}', { ...JSON_KEY, 'idempotency-key': '>, é"' });

    const answer = await fetch(`${toy.url}/v1/notes?text=a&text=b&limit=1&cursor=`, { headers: KEY });

    expect(answer.headers.get('link')).toMatch(/^<\/v1\/notes\?text=a&text=b&limit=1&cursor=[\w%+]+>; rel="next"$/);
  });

  it('reads repeated keys as a list and a single one too', async () => {
    await using toy = await startToy();
    for (const text of ['a', 'b', 'c']) await postNote(toy, JSON.stringify({ text }));
    const texts = async (query: string) => {
      const notes = z
        .array(z.object({ body_text: z.string() }))
        .parse(await (await fetch(`${toy.url}/v1/notes?${query}`, { headers: KEY })).json());
      return notes.map((note) => note.body_text);
    };

    expect(await texts('text=a&text=c')).toEqual(['a', 'c']);
    expect(await texts('text=b')).toEqual(['b']);
    expect(await texts('limit=2&tags[team]=core&tags%5Benv%5D=dev&data_contains=%7B%7D')).toEqual(['a', 'b']);
  });

  it('never sees another project’s things', async () => {
    await using toy = await startToy();
    await postNote(toy, '{"text":"mine"}');

    const foreign = await fetch(`${toy.url}/v1/notes/n1`, { headers: { authorization: 'Bearer other' } });

    expect(foreign.status).toBe(404);
  });

  it('serves a path that ends in a slash without it too, and no other way', async () => {
    await using toy = await startToy();
    const status = async (path: string) => (await fetch(toy.url + path, { headers: KEY })).status;

    expect(await status('/run/fail/CONFLICT/')).toBe(409);
    expect(await status('/run/fail/CONFLICT')).toBe(409);
    expect(await status('/v1/notes/')).toBe(404);
    expect(await status('/V1/notes')).toBe(404);
  });
});

describe('a path', () => {
  it('is left alone when it is not ours', async () => {
    await using toy = await startToy();
    const texts = await Promise.all(
      ['/', '/graphql', '/graphql/%ff', '/v1x/notes'].map(async (path) => (await fetch(toy.url + path)).text()),
    );

    expect(texts).toEqual(['foreign', 'foreign', 'foreign', 'foreign']);
    expect(await sendRaw(toy.port, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain('foreign');
  });

  it('answers 404 when it is ours and unknown, 405 with Allow when only the method is wrong', async () => {
    await using toy = await startToy();

    const unknown = await fetch(`${toy.url}/v1/nothing`, { headers: KEY });
    const wrong = await fetch(`${toy.url}/v1/notes`, { method: 'PATCH', headers: KEY });
    const strange = await sendRaw(toy.port, 'PROPFIND /v1/notes/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');

    expect(unknown.status).toBe(404);
    expect(errorSchema.parse(await unknown.json()).error).toBe('no such route');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, POST, HEAD');
    expect(strange).toContain('405 Method Not Allowed');
    expect(strange).toContain('allow: GET, DELETE, HEAD');
  });

  it('is decoded once, slashes and percent signs included', async () => {
    await using toy = await startToy();
    await postNote(toy, '{"text":"x"}', { ...JSON_KEY, 'idempotency-key': 'a/b%2F' });

    expect((await fetch(`${toy.url}/v1/notes/a%2Fb%252F`, { headers: KEY })).status).toBe(200);
  });

  it('may come in absolute form, as proxies send it', async () => {
    await using toy = await startToy();

    const answer = await sendRaw(toy.port, 'GET http://any/v1/fail/GONE HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n');

    expect(answer).toContain('410 Gone');
  });
});

describe('the table of rows', () => {
  const row = (spec: { operationId?: string; path?: `/${string}`; document?: Route['document'] }) =>
    defineRoute({
      operationId: 'a',
      method: 'GET',
      path: '/v1/a',
      tag: 't',
      summary: 's',
      auth: 'none',
      document: gql`{ hello }`,
      ...spec,
    });
  const build = (...routes: Route[]) =>
    makeRestHandler({
      schema: toySchema({ notes: [], events: () => (async function* () {})() }),
      routes,
      makeContext: () => ({ actor: null }),
      log: { error: () => {} },
    });

  it('refuses a document that does not fit the schema, naming the row', () => {
    expect(() => build(row({ document: gql`{ nothing }` }))).toThrow(/route a: .*Cannot query field "nothing"/);
  });

  it('refuses two rows for one path or one operation id', () => {
    expect(() => build(row({}), row({ operationId: 'b' }))).toThrow('route b: GET /v1/a is already taken by a');
    expect(() => build(row({}), row({ path: '/v1/b' }))).toThrow('route a: operation id a is already taken by a');
  });

  it('types a row’s functions by its schemas', () => {
    const spec = {
      operationId: 'a',
      method: 'GET',
      path: '/v1/{id}',
      tag: 't',
      summary: 's',
      auth: 'none',
      document: gql`{ hello }`,
    } as const;
    const params = z.strictObject({ id: z.string() });

    // @ts-expect-error the path has no such parameter
    defineRoute({ ...spec, params, variables: (input) => ({ id: input.params.nope }) });
    // @ts-expect-error the row declares no query
    defineRoute({ ...spec, params, variables: (input) => ({ limit: input.query.limit }) });
    // @ts-expect-error the answer is documented to be a number
    defineRoute({ ...spec, params, response: z.number(), project: (data: { hello: string }) => data.hello });
    defineRoute({
      ...spec,
      params,
      response: z.string(),
      project: (data: { hello: string }) => data.hello,
      // @ts-expect-error the data has no such field
      nextCursor: (data) => data.next,
    });
  });

  it('refuses rows that contradict themselves', () => {
    expect(() => row({ path: '/v1/{id}' })).toThrow('route a: params must name exactly {id}');
    expect(() => row({ document: gql`subscription { noteEvents(id: 1) { seq } }` })).toThrow('needs `stream`');
    expect(() => row({ document: gql`mutation { removeNote(id: 1) }` })).toThrow('a GET must not be a mutation');
    expect(() => row({ document: gql`query a { hello } query b { hello }` })).toThrow('exactly one operation');
  });
});
