import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { ErrorClass, Outcome } from '../src/core/outcome.ts';
import { makeAttempt, neverAborted, startExecutor, startPeer, TEST_SECRET } from './support/executor-peer.ts';

/** Dispatches once to a peer that answers with this status, these headers and this body. */
async function dispatchTo(status: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Promise<Outcome> {
  const peer = await startPeer((response) => response.writeHead(status, headers).end(body));
  return startExecutor().execute(makeAttempt({ endpointUrl: `${peer.url}/run?key=s3cret` }), neverAborted());
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the request', () => {
  it('carries the payload untouched and the documented headers', async () => {
    const peer = await startPeer((response) => response.end());
    const payload = '{ "b": 1.0,\n "a": "ü" }';
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    await startExecutor().execute(makeAttempt({ endpointUrl: `${peer.url}/run?x=1`, payload, traceparent }), neverAborted());

    const [request] = peer.received;
    expect(request?.body).toBe(payload);
    expect(request?.message).toMatchObject({ method: 'POST', url: '/run?x=1' });
    expect(request?.message.headers).toMatchObject({
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'baton-test',
      'x-run-id': '0190a0b0-0000-7000-8000-000000000001',
      'x-job-id': '0190a0b0-0000-7000-8000-000000000002',
      'x-job-slug': 'check-links',
      'x-attempt': '1',
      'x-run-token': 'header.claims.signature',
      'x-project-id': 'default',
      'webhook-id': '0190a0b0-0000-7000-8000-000000000001_4',
      traceparent,
    });
    expect(request?.message.headers).not.toHaveProperty('x-previous-error');
    expect(request?.message.headers).not.toHaveProperty('x-last-checkpoint');
  });

  it('is signed so that the reference library accepts it', async () => {
    const peer = await startPeer((response) => response.end());

    await startExecutor().execute(makeAttempt({ endpointUrl: peer.url, payload: '{"name":"Zoë"}' }), neverAborted());

    const [request] = peer.received;
    // `as`: none of the three is sent twice, so none is a list.
    const headers = request?.message.headers as Record<string, string>;
    expect(new Webhook(TEST_SECRET).verify(request?.body ?? '', headers)).toEqual({ name: 'Zoë' });
  });

  it('keeps its webhook-id when the same claim is sent again', async () => {
    const peer = await startPeer((response) => response.end());
    const executor = startExecutor();

    for (const epoch of [4, 4, 5]) await executor.execute(makeAttempt({ endpointUrl: peer.url, epoch }), neverAborted());

    const ids = peer.received.map(({ message }) => message.headers['webhook-id']);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('tells a retry of the previous error and the last checkpoint, and gets both back whole', async () => {
    const peer = await startPeer((response) => response.end());
    const previousError = ' 100 % wrong:\r\nline two\0 ünï 🎉 ';
    const lastCheckpoint = '{"offset": 12, "name": "Zoë\\n"}';

    await startExecutor().execute(makeAttempt({ endpointUrl: peer.url, previousError, lastCheckpoint }), neverAborted());

    const headers = peer.received[0]?.message.headers ?? {};
    expect(decodeURIComponent(String(headers['x-previous-error']))).toBe(previousError);
    expect(decodeURIComponent(String(headers['x-last-checkpoint']))).toBe(lastCheckpoint);
  });

  it('cuts a long previous error to 1 KB without splitting a character', async () => {
    const peer = await startPeer((response) => response.end());
    const previousError = `x${'🎉'.repeat(1_000)}`;

    await startExecutor().execute(makeAttempt({ endpointUrl: peer.url, previousError }), neverAborted());

    const header = String(peer.received[0]?.message.headers['x-previous-error']);
    expect(header.length).toBe(1 + 85 * 12);
    expect(decodeURIComponent(header)).toBe(`x${'🎉'.repeat(85)}`);
  });

  it.each([
    ['plain', 'x'.repeat(8_193)],
    ['encoded', 'ü'.repeat(1_400)],
  ])('leaves out a checkpoint that is longer than 8 KB %s, and says that there is one', async (_form, lastCheckpoint) => {
    const peer = await startPeer((response) => response.end());

    const outcome = await startExecutor().execute(
      makeAttempt({ endpointUrl: peer.url, lastCheckpoint, checkpointSequence: 3 }),
      neverAborted(),
    );

    expect(outcome.kind).toBe('completed');
    expect(peer.received[0]?.message.headers).not.toHaveProperty('x-last-checkpoint');
    expect(peer.received[0]?.message.headers['x-checkpoint-sequence']).toBe('3');
  });

  it('cannot be given another header by any text in it', async () => {
    const peer = await startPeer((response) => response.end());
    const evil = 'a\r\nx-evil: 1\r\n\r\nPOST /evil HTTP/1.1\r\n\nx-evil: 2\0\ud800';
    const texts = {
      runId: evil,
      jobId: evil,
      jobSlug: evil,
      projectId: evil,
      token: evil,
      traceparent: evil,
      previousError: evil,
    };

    const outcome = await startExecutor({ userAgent: evil }).execute(
      makeAttempt({ endpointUrl: peer.url, ...texts, lastCheckpoint: evil }),
      neverAborted(),
    );

    expect(outcome.kind).toBe('completed');
    expect(peer.received).toHaveLength(1);
    expect(peer.received[0]?.message.headers).not.toHaveProperty('x-evil');
    expect(peer.received[0]?.message.headers).not.toHaveProperty('traceparent');
    expect(decodeURIComponent(String(peer.received[0]?.message.headers['x-job-slug']))).toBe(evil.toWellFormed());
  });
});

describe('a success', () => {
  it('is accepted for 202, whatever the body', async () => {
    expect(await dispatchTo(202, JSON_TYPE, 'not json')).toMatchObject({ kind: 'accepted' });
  });

  it.each<[name: string, status: number, headers: Record<string, string>, body: string, result: unknown]>([
    ['an empty body as null', 200, JSON_TYPE, '', null],
    ['no content as null', 204, {}, '', null],
    ['JSON', 200, JSON_TYPE, '{"ok":true,"n":[1,2.5,null]}', { ok: true, n: [1, 2.5, null] }],
    ['JSON in another 2xx', 201, { 'content-type': 'application/problem+json; charset=utf-8' }, '"x"', 'x'],
    ['JSON sent as text', 200, { 'content-type': 'text/plain' }, '{"ok":true}', { ok: true }],
    ['JSON without a type', 200, {}, '[1]', [1]],
    ['JSON behind a byte order mark', 200, JSON_TYPE, '\ufeff[1]', [1]],
    ['JSON null', 200, JSON_TYPE, 'null', null],
    ['text as a string', 200, { 'content-type': 'text/html' }, '<p>ünï</p>', '<p>ünï</p>'],
    ['identity encoding as none', 200, { ...JSON_TYPE, 'content-encoding': 'identity' }, '1', 1],
  ])('reads %s', async (_name, status, headers, body, result) => {
    expect(await dispatchTo(status, headers, body)).toMatchObject({ kind: 'completed', result });
  });

  it.each<[problem: string, headers: Record<string, string>, body: string | Buffer]>([
    ['is not valid JSON', JSON_TYPE, '{"ok":'],
    ['is not valid JSON', { 'content-type': 'Application/Vnd.Api+JSON' }, 'oops'],
    ['is not UTF-8 text', JSON_TYPE, Buffer.from([0x22, 0xff, 0x22])],
    ['is not UTF-8 text', {}, Buffer.from([0x1f, 0x8b, 0x08, 0x00])],
    ['contains a NUL character (at a.b)', JSON_TYPE, '{"a":{"b":"\\u0000"}}'],
    ['contains a NUL character', { 'content-type': 'text/plain' }, 'a\0b'],
    ['contains a lone surrogate (at s)', JSON_TYPE, '{"s":"\\ud800"}'],
    ['is a number JSON cannot carry (at n)', JSON_TYPE, '{"n":1e400}'],
    ['has the forbidden key "__proto__"', JSON_TYPE, '{"__proto__":{"admin":true}}'],
    ['is nested deeper than 64 levels', JSON_TYPE, '['.repeat(70) + ']'.repeat(70)],
    ['with a compressed body', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}'],
  ])('is an invalid response when the body %s', async (problem, headers, body) => {
    const outcome = await dispatchTo(200, headers, body);

    expect(outcome).toMatchObject({ kind: 'failed', errorClass: 'invalid_response', message: expect.stringContaining(problem) });
  });
});

describe('a refusal', () => {
  it.each<[status: number, errorClass: ErrorClass, name: string]>([
    [300, 'client', '300 Multiple Choices; redirects are not followed'],
    [304, 'client', '304 Not Modified; redirects are not followed'],
    [400, 'client', '400 Bad Request'],
    [401, 'auth', '401 Unauthorized'],
    [402, 'client', '402 Payment Required'],
    [403, 'auth', '403 Forbidden'],
    [404, 'client', '404 Not Found'],
    [408, 'transient', '408 Request Timeout'],
    [409, 'client', '409 Conflict'],
    [410, 'client', '410 Gone'],
    [429, 'rate_limited', '429 Too Many Requests'],
    [499, 'client', '499'],
    [500, 'server', '500 Internal Server Error'],
    [502, 'server', '502 Bad Gateway'],
    [503, 'server', '503 Service Unavailable'],
    [599, 'server', '599'],
    [600, 'unknown', '600'],
    [999, 'unknown', '999'],
  ])('with %d is of class %s and says so', async (status, errorClass, name) => {
    const outcome = await dispatchTo(status);

    expect(outcome).toMatchObject({
      kind: 'failed',
      errorClass,
      message: expect.stringMatching(`^127\\.0\\.0\\.1:\\d+ answered ${name}$`),
    });
    expect(outcome).not.toHaveProperty('retryAfterMs');
  });

  it('shows the beginning of its body, cleaned, and never the query string', async () => {
    const outcome = await dispatchTo(500, {}, `  disk\0 full\u0007 in\n/var ${'é'.repeat(5_000)}`);

    // `as`: a 500 is a failure, as the table above has it.
    const { message } = outcome as Extract<Outcome, { kind: 'failed' }>;
    expect(message).toMatch(/^127\.0\.0\.1:\d+ answered 500 Internal Server Error: disk full in\n\/var é+$/);
    expect(message.length).toBeLessThan(2_200);
    expect(message).not.toContain('s3cret');
  });

  it('shows nothing of a compressed body', async () => {
    const outcome = await dispatchTo(500, { 'content-encoding': 'gzip' }, 'whatever');

    expect(outcome).toMatchObject({ message: expect.stringMatching(/500 Internal Server Error$/) });
  });

  it.each<[status: number, value: string, retryAfterMs: number | undefined]>([
    [429, '7', 7_000],
    [429, ' 0 ', 0],
    [429, '999999999999999999999', 3_600_000],
    [503, '120', 120_000],
    [503, 'Wed, 21 Oct 2015 07:28:00 GMT', 0],
    [503, 'Fri, 01 Jan 2100 00:00:00 GMT', 3_600_000],
    [429, '-5', undefined],
    [429, '1.5', undefined],
    [429, 'soon', undefined],
    [429, '2100-01-01', undefined],
    [500, '7', undefined],
    [400, '7', undefined],
  ])('with %d and Retry-After %j asks for a wait of %s ms', async (status, value, retryAfterMs) => {
    const outcome = await dispatchTo(status, { 'retry-after': value });

    expect(outcome.kind).toBe('failed');
    expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  it('with a Retry-After date in the near future asks to wait until then', async () => {
    const outcome = await dispatchTo(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() });

    expect(outcome).toMatchObject({ retryAfterMs: expect.any(Number) });
    const waitMs = 'retryAfterMs' in outcome ? (outcome.retryAfterMs ?? 0) : 0;
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });
});
