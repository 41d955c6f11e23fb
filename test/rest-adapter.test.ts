import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeRestHandler } from '../rest/adapter.ts';
import { errorSchema, fastapiErrorSchema, fastapiValidationSchema, problemSchema } from '../rest/problem-schema.ts';
import { defineRoute, gql, type Route } from '../rest/route.ts';
import { ERROR_CODES } from '../src/core/errors.ts';
import { MAX_JSON_DEPTH } from '../src/core/json.ts';
import { sendRaw, startToy, type Toy, toySchema } from './support/rest-toy.ts';

const KEY = { authorization: 'Bearer acme' };
const JSON_KEY = { ...KEY, 'content-type': 'application/json' };

type Body = NonNullable<RequestInit['body']>;

const post = (toy: Toy, body: Body, headers: Record<string, string> = JSON_KEY) =>
  fetch(`${toy.url}/v1/notes`, { method: 'POST', headers, body, ...(body instanceof ReadableStream && { duplex: 'half' }) });

describe('a request', () => {
  it('runs the row’s document and answers in the documented shape', async () => {
    await using toy = await startToy();

    const created = await post(toy, '{"text":"hi","data":{"a":[1,null]}}', { ...JSON_KEY, 'idempotency-key': 'k1' });
    const read = await fetch(`${toy.url}/v1/notes/k1`, { headers: KEY });

    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({ id: 'k1', body_text: 'hi', data: { a: [1, null] } });
    expect(read.status).toBe(200);
    expect(await read.json()).toEqual({ id: 'k1', body_text: 'hi', data: { a: [1, null] } });
  });

  it('lets the data choose among the documented statuses', async () => {
    await using toy = await startToy();

    expect((await post(toy, '{"text":"again"}')).status).toBe(200);
  });

  it('carries the common headers, and the exact length of a body beyond ASCII', async () => {
    await using toy = await startToy();

    const answer = await post(toy, '{"text":"żółć 🎉"}');
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
    await post(toy, '{"text":"a"}', { ...JSON_KEY, 'idempotency-key': '>, é"' });

    const answer = await fetch(`${toy.url}/v1/notes?text=a&text=b&limit=1&cursor=`, { headers: KEY });

    expect(answer.headers.get('link')).toMatch(/^<\/v1\/notes\?text=a&text=b&limit=1&cursor=[\w%+]+>; rel="next"$/);
  });

  it('reads repeated keys as a list and a single one too', async () => {
    await using toy = await startToy();
    for (const text of ['a', 'b', 'c']) await post(toy, JSON.stringify({ text }));
    const texts = async (query: string) => {
      const notes = z.array(z.object({ body_text: z.string() })).parse(await (await fetch(`${toy.url}/v1/notes?${query}`, { headers: KEY })).json());
      return notes.map((note) => note.body_text);
    };

    expect(await texts('text=a&text=c')).toEqual(['a', 'c']);
    expect(await texts('text=b')).toEqual(['b']);
    expect(await texts('limit=2&tags[team]=core&tags%5Benv%5D=dev&data_contains=%7B%7D')).toEqual(['a', 'b']);
  });

  it('never sees another project’s things', async () => {
    await using toy = await startToy();
    await post(toy, '{"text":"mine"}');

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
    const texts = await Promise.all(['/', '/graphql', '/graphql/%ff', '/v1x/notes'].map(async (path) => (await fetch(toy.url + path)).text()));

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
    await post(toy, '{"text":"x"}', { ...JSON_KEY, 'idempotency-key': 'a/b%2F' });

    expect((await fetch(`${toy.url}/v1/notes/a%2Fb%252F`, { headers: KEY })).status).toBe(200);
  });

  it('may come in absolute form, as proxies send it', async () => {
    await using toy = await startToy();

    const answer = await sendRaw(toy.port, 'GET http://any/v1/fail/GONE HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n');

    expect(answer).toContain('410 Gone');
  });
});

describe('an error', () => {
  const expected = {
    BAD_REQUEST: 400,
    UNAUTHENTICATED: 401,
    FORBIDDEN: 403,
    NOT_FOUND: 404,
    CONFLICT: 409,
    GONE: 410,
    PAYLOAD_TOO_LARGE: 413,
    UNPROCESSABLE: 422,
    RATE_LIMITED: 429,
    UNAVAILABLE: 503,
    INTERNAL: 500,
  };

  it.each(ERROR_CODES)('%s has its status and both body styles', async (code) => {
    await using toy = await startToy();

    const plain = await fetch(`${toy.url}/v1/fail/${code}`);
    const problem = await fetch(`${toy.url}/v1/fail/${code}`, { headers: { accept: 'application/problem+json' } });
    const message = code === 'INTERNAL' ? 'internal error' : `told: ${code}`;

    expect(plain.status).toBe(expected[code]);
    expect(plain.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await plain.json()).toEqual({ error: message, request_id: plain.headers.get('x-request-id') });
    expect(problem.headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.strict().parse(await problem.json())).toMatchObject({ type: 'about:blank', status: expected[code], detail: message, error: message });
    expect(plain.headers.get('retry-after')).toBe(code === 'RATE_LIMITED' || code === 'UNAVAILABLE' ? '7' : null);
    expect(plain.headers.has('www-authenticate')).toBe(code === 'UNAUTHENTICATED');
  });

  it('comes as problem+json only where Accept wants it at least as much as JSON', async () => {
    await using toy = await startToy();
    const typeFor = async (accept: string) => (await fetch(`${toy.url}/v1/fail/GONE`, { headers: { accept } })).headers.get('content-type');

    expect(await typeFor('application/problem+json, application/json')).toBe('application/problem+json');
    expect(await typeFor('application/json;q=0.5, application/problem+json')).toBe('application/problem+json');
    expect(await typeFor('application/json, application/problem+json;q=0.5')).toContain('application/json;');
    expect(await typeFor('*/*')).toContain('application/json;');
    expect(await typeFor('application/problem+json;q=0')).toContain('application/json;');
    expect(await typeFor(';;q=,problem+json;q=x')).toContain('application/json;');
  });

  it('is worded as FastAPI does where the row says so', async () => {
    await using toy = await startToy();

    const missing = await fetch(`${toy.url}/run/fail/NOT_FOUND/`);
    const invalid = await fetch(`${toy.url}/run/fail/NOT_FOUND/?page=0&x=1`);

    expect([missing.status, invalid.status]).toEqual([404, 422]);
    expect(fastapiErrorSchema.strict().parse(await missing.json())).toEqual({ detail: 'told: NOT_FOUND' });
    expect(fastapiValidationSchema.strict().parse(await invalid.json()).detail).toEqual([
      { loc: ['query', 'page'], msg: expect.any(String), type: 'too_small' },
      { loc: ['query', 'x'], msg: 'unknown field', type: 'extra_forbidden' },
    ]);
  });

  it('that nobody planned for is masked outside and logged whole, once', async () => {
    await using toy = await startToy();

    const answer = await fetch(`${toy.url}/v1/fail/UNPLANNED`);

    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ error: 'internal error', request_id: answer.headers.get('x-request-id') });
    expect(toy.logged).toEqual([
      { err: new Error('the password is hunter2'), requestId: answer.headers.get('x-request-id'), operationId: 'fail_baton' },
    ]);
  });

  it('of ours, an answer outside its documented shape, is a logged 500 and not a surprise', async () => {
    await using toy = await startToy();

    const answer = await fetch(`${toy.url}/sdk/v1/int?value=1001`, { headers: KEY });

    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ error: 'internal error' });
    expect(toy.logged).toHaveLength(1);
  });

  it('of a value that zod takes and GraphQL does not is the caller’s, and names it', async () => {
    await using toy = await startToy();

    const answer = await fetch(`${toy.url}/sdk/v1/int?value=3000000000`, { headers: KEY });

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ details: [{ path: 'value', message: expect.stringContaining('32-bit') }] });
  });

  it('of authentication comes before anything of the request is read', async () => {
    await using toy = await startToy();

    const answer = await post(toy, 'x'.repeat(1_000_000), {});

    expect(answer.status).toBe(401);
    expect(toy.world.notes).toEqual([]);
  });
});

describe('the table of rows', () => {
  const row = (spec: { operationId?: string; path?: `/${string}`; document?: Route['document'] }) =>
    defineRoute({ operationId: 'a', method: 'GET', path: '/v1/a', tag: 't', summary: 's', auth: 'none', document: gql`{ hello }`, ...spec });
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

  it('refuses rows that contradict themselves', () => {
    expect(() => row({ path: '/v1/{id}' })).toThrow('route a: params must name exactly {id}');
    expect(() => row({ document: gql`subscription { noteEvents(id: 1) { seq } }` })).toThrow('needs `stream`');
    expect(() => row({ document: gql`mutation { removeNote(id: 1) }` })).toThrow('a GET must not be a mutation');
    expect(() => row({ document: gql`query a { hello } query b { hello }` })).toThrow('exactly one operation');
  });
});

describe('bad input', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const lone = `{"text":"a","data":"\\ud800"}`;
  const chunked = (text: string) => new Blob([text]).stream();

  it.each<[string, { body: Body; headers?: Record<string, string>; status: number; path?: string; error?: string }]>([
    ['not JSON', { body: '{"text":', status: 400, error: 'invalid request body' }],
    ['two JSON values', { body: '{"text":"a"}{}', status: 400, error: 'invalid request body' }],
    ['no body where one is needed', { body: '', status: 400, path: '' }],
    ['JSON of the wrong kind', { body: '[]', status: 400, path: '' }],
    ['null', { body: 'null', status: 400, path: '' }],
    ['a wrong type', { body: '{"text":1}', status: 400, path: 'text' }],
    ['a missing field', { body: '{}', status: 400, path: 'text' }],
    ['an unknown field', { body: '{"text":"a","txet":"b"}', status: 400, path: 'txet' }],
    ['too large with a length', { body: JSON.stringify({ text: 'a'.repeat(3_000) }), status: 413 }],
    ['too large in chunks', { body: chunked(JSON.stringify({ text: 'a'.repeat(3_000_000) })), status: 413 }],
    ['nested too deep', { body: `{"text":"a","data":${nested(MAX_JSON_DEPTH)}}`, status: 400, path: `data${'.0'.repeat(MAX_JSON_DEPTH - 1)}` }],
    ['a NUL', { body: '{"text":"a\\u0000"}', status: 400, path: 'text' }],
    ['a NUL byte', { body: '{"text":"a\0"}', status: 400, error: 'invalid request body' }],
    ['a NUL in a key', { body: '{"text":"a","data":{"\\u0000":1}}', status: 400, path: 'data' }],
    ['a lone surrogate', { body: lone, status: 400, path: 'data' }],
    ['__proto__', { body: '{"text":"a","__proto__":{"x":1}}', status: 400, path: '' }],
    ['__proto__ inside', { body: '{"text":"a","data":[{"__proto__":1}]}', status: 400, path: 'data.0' }],
    ['a number beyond JSON', { body: '{"text":"a","data":1e999}', status: 400, path: 'data' }],
    ['bad UTF-8', { body: Buffer.from('{"text":"a\xff"}', 'latin1'), status: 400, error: 'invalid request body' }],
    ['no content type', { body: Buffer.from('{"text":"a"}'), headers: KEY, status: 415 }],
    ['text/plain', { body: '{"text":"a"}', headers: { ...KEY, 'content-type': 'text/plain' }, status: 415 }],
    ['a form', { body: new URLSearchParams({ text: 'a' }), headers: KEY, status: 415 }],
    ['another charset', { body: '{"text":"a"}', headers: { ...KEY, 'content-type': 'application/json; charset=latin1' }, status: 415 }],
    ['a compressed body', { body: '{"text":"a"}', headers: { ...JSON_KEY, 'content-encoding': 'gzip' }, status: 415 }],
    ['a header too long for its row', { body: '{"text":"a"}', headers: { ...JSON_KEY, 'idempotency-key': '123456789' }, status: 400, path: 'idempotency-key' }],
  ])('%s is refused and nothing is stored', async (_, { body, headers = JSON_KEY, status, path, error }) => {
    await using toy = await startToy();

    const answer = await post(toy, body, headers);
    const parsed = errorSchema.strict().parse(await answer.json());

    expect(answer.status).toBe(status);
    if (path !== undefined) expect(parsed.details?.map((detail) => detail.path)).toEqual([path]);
    if (error !== undefined) expect(parsed.error).toBe(error);
    expect(toy.world.notes).toEqual([]);
    expect(toy.logged).toEqual([]);
  });

  it.each(['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON', 'application/json; charset="utf-8"'])(
    'is not %s',
    async (type) => {
      await using toy = await startToy();

      expect((await post(toy, '{"text":"a"}', { ...KEY, 'content-type': type })).status).toBe(201);
    },
  );

  it.each([
    ['limit=x', 'limit'],
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1e3', 'limit'],
    ['limit=99999999999999999999', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['limit[a]=1', 'limit'],
    ['nope=1', 'nope'],
    ['toString=1', 'toString'],
    ['__proto__=1', ''],
    ['__proto__[x]=1', ''],
    ['tags[__proto__]=1', 'tags'],
    ['tags[constructor]=1', 'tags'],
    ['tags=1', 'tags'],
    ['tags=1&tags[a]=2', 'tags'],
    ['tags[a]=1&tags[a]=2', 'tags.a'],
    ['cursor=%ff', 'cursor'],
    ['%ff=1', ''],
    ['cursor=%', 'cursor'],
    ['cursor=a%00', 'cursor'],
    ['cursor=%ED%A0%80', 'cursor'],
    ['data_contains=%7B', 'data_contains'],
    ['data_contains=[]', 'data_contains'],
    ['data_contains={"__proto__":1}', 'data_contains'],
  ])('in the query, %s names %j', async (query, path) => {
    await using toy = await startToy();

    const answer = await fetch(`${toy.url}/v1/notes?${query}`, { headers: KEY });

    expect(answer.status).toBe(400);
    expect(errorSchema.parse(await answer.json()).details?.map((detail) => detail.path)).toEqual([path]);
  });

  it.each(['/v1/notes/%', '/v1/notes/%zz', '/v1/notes/%ff', '/v1/notes/%ED%A0%80', '/v1/notes/a%00b'])('in the path, %s is a 400', async (path) => {
    await using toy = await startToy();

    const answer = await sendRaw(toy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\nConnection: close\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('on a row without a query names the parameter', async () => {
    await using toy = await startToy();

    const answer = await fetch(`${toy.url}/v1/notes/1?verbose=1`, { headers: KEY });

    expect(answer.status).toBe(400);
    expect(errorSchema.parse(await answer.json()).details).toEqual([{ path: 'verbose', message: 'unknown field' }]);
  });

  it('below HTTP is refused by the server and leaves it serving', async () => {
    await using toy = await startToy();
    const good = 'GET /v1/fail/GONE HTTP/1.1\r\nHost: x\r\n\r\n';

    const huge = await sendRaw(toy.port, `GET /v1/notes HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(40_000)}\r\n\r\n`);
    const garbage = await sendRaw(toy.port, `${good}\x00\x01 nonsense\r\n\r\n`);
    const conflicting = await sendRaw(toy.port, 'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    const negative = await sendRaw(toy.port, 'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n');

    expect(huge).toMatch(/^HTTP\/1\.1 431 /);
    expect(garbage.match(/HTTP\/1\.1 \d+/g)?.at(-1)).toBe('HTTP/1.1 400');
    expect(conflicting).toMatch(/^HTTP\/1\.1 400 /);
    expect(negative).toMatch(/^HTTP\/1\.1 400 /);
    expect((await post(toy, '{"text":"a"}')).status).toBe(201);
  });

  it('too large leaves the connection usable for the next request', async () => {
    await using toy = await startToy();
    const head = `POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\nContent-Type: application/json\r\n`;

    const answer = await sendRaw(
      toy.port,
      `${head}Content-Length: 5000\r\n\r\n${'a'.repeat(5_000)}${head}Content-Length: 12\r\nConnection: close\r\n\r\n{"text":"b"}`,
    );

    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 201']);
  });

  it('that never ends is cut off', async () => {
    await using toy = await startToy();
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.alloc(64 * 1024, 'a')) });

    // Either the client reads the refusal first, or it notices that the connection is gone.
    const outcome = await post(toy, endless).then(
      (answer) => answer.status,
      () => 'cut',
    );

    expect([413, 'cut']).toContain(outcome);
    expect(toy.logged).toEqual([]);
  });

  it('that breaks off in the middle is forgotten', async () => {
    await using toy = await startToy();

    await sendRaw(toy.port, 'POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"te');

    expect(toy.logged).toEqual([]);
    expect(toy.world.notes).toEqual([]);
  });
});
