import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { errorSchema } from '../rest/problem-schema.ts';
import { MAX_JSON_DEPTH } from '../src/core/json.ts';
import { JSON_KEY, KEY, postNote, type RequestBody, sendRaw, startToy } from './support/rest-toy.ts';

describe('bad input', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const lone = `{"text":"a","data":"\\ud800"}`;
  const chunked = (text: string) => new Blob([text]).stream();

  it.each<[string, { body: RequestBody; headers?: Record<string, string>; status: number; path?: string; error?: string }]>([
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
    [
      'nested too deep',
      { body: `{"text":"a","data":${nested(MAX_JSON_DEPTH)}}`, status: 400, path: `data${'.0'.repeat(MAX_JSON_DEPTH - 1)}` },
    ],
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
    [
      'another charset',
      { body: '{"text":"a"}', headers: { ...KEY, 'content-type': 'application/json; charset=latin1' }, status: 415 },
    ],
    ['a compressed body', { body: '{"text":"a"}', headers: { ...JSON_KEY, 'content-encoding': 'gzip' }, status: 415 }],
    [
      'a header too long for its row',
      { body: '{"text":"a"}', headers: { ...JSON_KEY, 'idempotency-key': '123456789' }, status: 400, path: 'idempotency-key' },
    ],
  ])('%s is refused and nothing is stored', async (_, { body, headers = JSON_KEY, status, path, error }) => {
    await using toy = await startToy();

    const answer = await postNote(toy, body, headers);
    const parsed = errorSchema.strict().parse(await answer.json());

    expect(answer.status).toBe(status);
    if (path !== undefined) expect(parsed.details?.map((detail) => detail.path)).toEqual([path]);
    if (error !== undefined) expect(parsed.error).toBe(error);
    expect(toy.world.notes).toEqual([]);
    expect(toy.logged).toEqual([]);
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/json; charset="utf-8"',
  ])('is not %s', async (type) => {
    await using toy = await startToy();

    expect((await postNote(toy, '{"text":"a"}', { ...KEY, 'content-type': type })).status).toBe(201);
  });

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

  it.each(['/v1/notes/%', '/v1/notes/%zz', '/v1/notes/%ff', '/v1/notes/%ED%A0%80', '/v1/notes/a%00b'])(
    'in the path, %s is a 400',
    async (path) => {
      await using toy = await startToy();

      const answer = await sendRaw(
        toy.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\nConnection: close\r\n\r\n`,
      );

      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    },
  );

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
    const conflicting = await sendRaw(
      toy.port,
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    const negative = await sendRaw(toy.port, 'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n');

    expect(huge).toMatch(/^HTTP\/1\.1 431 /);
    expect(garbage.match(/HTTP\/1\.1 \d+/g)?.at(-1)).toBe('HTTP/1.1 400');
    expect(conflicting).toMatch(/^HTTP\/1\.1 400 /);
    expect(negative).toMatch(/^HTTP\/1\.1 400 /);
    expect((await postNote(toy, '{"text":"a"}')).status).toBe(201);
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

  it('that never ends is refused, and in the end cut off', async () => {
    await using toy = await startToy();
    const socket = connect(toy.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.on('error', () => {}); // being cut off is what we wait for
    socket.write('POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\n');
    socket.write('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
    await closed;

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(toy.logged).toEqual([]);
  });

  it('that breaks off in the middle is forgotten', async () => {
    await using toy = await startToy();

    const head = 'POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\nContent-Type: application/json\r\n';

    await sendRaw(toy.port, `${head}Content-Length: 50\r\n\r\n{"te`);

    expect(toy.logged).toEqual([]);
    expect(toy.world.notes).toEqual([]);
  });
});
