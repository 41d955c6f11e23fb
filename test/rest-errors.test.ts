import { describe, expect, it } from 'vitest';
import { fastapiErrorSchema, fastapiValidationSchema, problemSchema } from '../rest/problem-schema.ts';
import { ERROR_CODES } from '../src/core/errors.ts';
import { KEY, postNote, startToy } from './support/rest-toy.ts';

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
    expect(problemSchema.strict().parse(await problem.json())).toMatchObject({
      type: 'about:blank',
      status: expected[code],
      detail: message,
      error: message,
    });
    expect(plain.headers.get('retry-after')).toBe(code === 'RATE_LIMITED' || code === 'UNAVAILABLE' ? '7' : null);
    expect(plain.headers.has('www-authenticate')).toBe(code === 'UNAUTHENTICATED');
  });

  it('comes as problem+json only where Accept wants it at least as much as JSON', async () => {
    await using toy = await startToy();
    const typeFor = async (accept: string) =>
      (await fetch(`${toy.url}/v1/fail/GONE`, { headers: { accept } })).headers.get('content-type');

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

    const answer = await postNote(toy, 'x'.repeat(1_000_000), {});

    expect(answer.status).toBe(401);
    expect(toy.world.notes).toEqual([]);
  });
});
