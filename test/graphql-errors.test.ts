import { GraphQLError, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatDateTime, parseDateTime } from '../graphql/date-time.ts';
import { makeToGraphQLError, mapErrors } from '../graphql/errors.ts';
import { AppError } from '../src/core/errors.ts';
import { isConnectionError, toUnavailable } from '../src/db/errors.ts';
import { openPools } from '../src/db/pool.ts';
import { makePrisma } from '../src/db/prisma.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  await t.createJob({ slug: 'any' });
});
afterAll(() => t.close());

const TRIGGER = 'mutation ($input: TriggerRunInput!) { triggerRun(input: $input) { id } }';

async function refusal(document: string, variables: object = {}): Promise<Record<string, unknown>> {
  const { data, errors } = await t.ask(document, { variables });
  expect(errors, JSON.stringify(data)).toHaveLength(1);
  expect(t.logged).toEqual([]);
  return { message: errors?.[0]?.message, ...errors?.[0]?.extensions };
}

async function storedRuns(): Promise<number> {
  const { rows } = await t.pools.reads.query<{ count: number }>('select count(*)::int as count from runs');
  return rows[0]?.count ?? -1;
}

describe('bad input', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  const TOO_LONG = 'x'.repeat(300);

  it.each<[string, object, string]>([
    ['a payload nested too deep', { payload: nested(65) }, 'payload'],
    ['a NUL in the payload', { payload: { a: 'x\0' } }, 'payload'],
    ['a lone surrogate in the payload', { payload: ['\ud800'] }, 'payload'],
    ['a key that names a prototype', { payload: JSON.parse('{"__proto__": {"admin": true}}') }, 'payload'],
    ['a NUL in text', { idempotencyKey: 'a\0b' }, 'idempotencyKey'],
    ['a lone surrogate in text', { concurrencyKey: '\udc00' }, 'concurrencyKey'],
    ['text that is too long', { idempotencyKey: TOO_LONG }, 'idempotencyKey'],
    ['a number out of range', { priority: 11 }, 'priority'],
    ['a number that is none', { priority: 'high' }, 'priority'],
    ['a fraction', { priority: 1.5 }, 'priority'],
    ['a number beyond 32 bits', { ttlSecs: 2 ** 31 }, 'ttlSecs'],
    ['a field that does not exist', { prioritty: 1 }, 'prioritty'],
    ['tags that are no object', { tags: ['a'] }, 'tags'],
    ['a tag that is no string', { tags: { a: 1 } }, 'tags'],
    ['too many tags', { tags: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`t${n}`, 'x'])) }, 'tags'],
    ['a time without a zone', { scheduledAt: '2030-01-01T00:00:00' }, 'scheduledAt'],
    ['a day that does not exist', { scheduledAt: '2030-02-30T00:00:00Z' }, 'scheduledAt'],
    ['a time that is a number', { scheduledAt: 1 }, 'scheduledAt'],
  ])('is refused and stores nothing: %s', async (_what, fields, named) => {
    const before = await storedRuns();

    const { message, code, details, requestId } = await refusal(TRIGGER, { input: { job: 'any', ...fields } });

    expect({ code, requestId }).toEqual({ code: 'BAD_REQUEST', requestId: 'req-1' });
    expect(JSON.stringify([message, details])).toContain(named);
    expect(await storedRuns()).toBe(before);
  });

  it('is refused in a literal just as in a variable', async () => {
    const literal = (payload: string) => refusal(`mutation { triggerRun(input: { job: "any", payload: ${payload} }) { id } }`);

    expect(await literal('{ a: "x\\u0000" }')).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('"a" contains a NUL'),
    });
    expect(await literal('{ __proto__: { a: 1 } }')).toMatchObject({ code: 'BAD_REQUEST' });
    expect(await literal(`${'['.repeat(65)}${']'.repeat(65)}`)).toMatchObject({ code: 'BAD_REQUEST' });
    expect(await literal('1e999')).toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('says which fields of an input broke a rule', async () => {
    const { message, code, details } = await refusal('mutation ($input: CreateJobInput!) { createJob(input: $input) { id } }', {
      input: { slug: 'Not A Slug', name: ' ', endpointUrl: 'http://127.0.0.1/', retryStrategy: 'CUSTOM', maxAttempts: 0 },
    });

    expect({ message, code }).toEqual({ message: 'validation failed', code: 'BAD_REQUEST' });
    expect((details as { path: string }[]).map(({ path }) => path).sort()).toEqual([
      'maxAttempts',
      'name',
      'retryDelaysSecs',
      'slug',
    ]);
  });

  it('names the item of a list', async () => {
    const { details } = await refusal('mutation ($input: TriggerRunsInput!) { triggerRuns(input: $input) { total } }', {
      input: { job: 'any', items: [{}, { priority: 12 }, { idempotencyKey: '\0' }] },
    });

    // Text is looked at first; what else is wrong is said once that is mended.
    expect(details).toEqual([{ path: 'items.2.idempotencyKey', message: 'contains a NUL character' }]);
  });

  it.each([
    ['filter: { status: [] }'],
    ['filter: { status: [RUNNING] }'],
    ['filter: { job: "a\\u0000" }'],
    ['filter: { triggeredBy: "\\u0000" }'],
    ['filter: { tags: { a: "\\u0000" } }'],
    ['filter: { payloadContains: [1] }'],
    ['filter: { createdAfter: "yesterday" }'],
    ['order: RANDOM'],
  ])('is refused in a list: %s', async (args) => {
    expect(await refusal(`{ runs(${args}) { edges { cursor } } }`)).toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('is no id of anything', async () => {
    for (const id of ['', ' ', '\0', 'x'.repeat(10_000), "'; drop table runs; --", '%00']) {
      for (const field of ['run(id: $id) { id }', 'job(id: $id) { id }', 'project(id: $id) { id }']) {
        expect(await refusal(`query ($id: ID!) { ${field} }`, { id })).toMatchObject({ code: 'NOT_FOUND' });
      }
    }
  });

  it('is refused by graphql-js with a code of ours', async () => {
    expect(await refusal('{ nothing }')).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('nothing') });
    expect(await refusal('query ($n: Int!) { runs(first: $n) { edges { cursor } } }')).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('$n'),
    });
    // What it throws comes through the server's own parsing, which has no result yet.
    const syntax = await Promise.resolve('{')
      .then(parse)
      .catch((error: unknown) => error);
    const shown = makeToGraphQLError({ translate: () => null, log: { error: vi.fn() } })(syntax, 'r');
    expect(shown).toMatchObject({
      message: expect.stringContaining('Syntax Error'),
      extensions: { code: 'BAD_REQUEST', requestId: 'r' },
    });
  });
});

describe('a document that asks for too much', () => {
  const deep = (levels: number): string => (levels === 0 ? 'id' : `children { edges { node { ${deep(levels - 1)} } } }`);

  it.each([
    ['deep', `{ run(id: "x") { ${deep(5)} } }`, 'depth'],
    ['broad', `{ ${Array.from({ length: 300 }, (_, n) => `a${n}: viewer { keyId }`).join(' ')} }`, 'breadth'],
    [
      'costly',
      '{ runs(first: 100) { edges { node { id events(first: 100) { edges { node { seq type message } } } } } } }',
      'complexity',
    ],
  ])('is refused: %s', async (_kind, document, what) => {
    expect(await refusal(document)).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(new RegExp(`asks for too much \\(${what}\\)`)),
    });
  });

  it('is executed when it is one of ours', async () => {
    const { errors } = await t.ask(
      '{ runs(first: 100) { edges { node { id events(first: 100) { edges { node { seq type message } } } } } } }',
      { trusted: true },
    );

    expect(errors).toBeUndefined();
  });

  it('leaves room for a page of runs with everything about them', async () => {
    const all =
      'id jobId status attempt payload result metadata tags error createdAt startedAt finishedAt job { slug name } events(last: 1) { edges { node { seq message } } }';

    expect(
      (await t.ask(`{ runs(first: 100) { edges { cursor node { ${all} } } pageInfo { endCursor } } }`)).errors,
    ).toBeUndefined();
  });
});

describe('errors', () => {
  const log = { error: vi.fn() };
  const toGraphQLError = makeToGraphQLError({
    translate: (error) => (isConnectionError(error) ? toUnavailable(error) : null),
    log,
  });
  const located = (cause: Error) => new GraphQLError(cause.message, { path: ['run'], originalError: cause });

  it('of a plan keep their message and say more', () => {
    const error = new AppError('RATE_LIMITED', 'slow down', { details: [{ path: 'a', message: 'b' }], retryAfterSecs: 3 });

    const shown = toGraphQLError(located(error), 'r-1');

    expect(shown.toJSON()).toEqual({
      message: 'slow down',
      path: ['run'],
      extensions: { code: 'RATE_LIMITED', details: [{ path: 'a', message: 'b' }], retryAfterSecs: 3, requestId: 'r-1' },
    });
    expect(log.error).not.toHaveBeenCalled();
  });

  it('of no plan are masked outside and logged whole, once', () => {
    const error = new Error('the password is hunter2');

    const shown = toGraphQLError(located(error), 'r-2');

    expect(shown.toJSON()).toEqual({
      message: 'internal error',
      path: ['run'],
      extensions: { code: 'INTERNAL', requestId: 'r-2' },
    });
    expect(log.error.mock.calls).toEqual([[{ err: error, requestId: 'r-2', path: ['run'] }, 'GraphQL request failed']]);
  });

  it('of a value that does not fit its own type are ours too', () => {
    log.error.mockClear();

    const shown = toGraphQLError(located(new GraphQLError('Enum "RunStatus" cannot represent value: "asleep"')), 'r-3');

    expect(shown.extensions).toEqual({ code: 'INTERNAL', requestId: 'r-3' });
    expect(log.error).toHaveBeenCalledOnce();
  });

  it('before anything was executed say with which status the request was refused', () => {
    expect(toGraphQLError(new AppError('UNAUTHENTICATED', 'who?'), 'r').extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      http: { status: 401 },
    });
    expect(toGraphQLError(new Error('oops'), 'r').extensions).toMatchObject({ code: 'INTERNAL', http: { status: 500 } });
    expect(
      toGraphQLError(new GraphQLError('too large', { extensions: { http: { status: 413 } } }), 'r').extensions,
    ).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      http: { status: 413 },
    });
  });

  it('of a database that is away are UNAVAILABLE, from Prisma as from pg', async () => {
    const pools = openPools('postgres://nobody@127.0.0.1:1/none', { engineSize: 1, readSize: 1, applicationName: 'away' });
    const prisma = makePrisma(pools.reads);
    for (const query of [() => prisma.run.findFirst({ where: { id: '1' } }), () => pools.reads.query('select 1')]) {
      const error = await query().then(
        () => expect.fail('the database answered'),
        (cause: Error) => toGraphQLError(located(cause), 'r-4'),
      );
      expect(error.extensions).toEqual({ code: 'UNAVAILABLE', retryAfterSecs: 1, requestId: 'r-4' });
    }
    await prisma.$disconnect();
    await pools.close();
  });

  it('of a subscription are presented event by event', async () => {
    async function* source() {
      yield { data: { n: 1 } };
      yield { data: null, errors: [located(new AppError('GONE', 'over'))] };
    }

    const seen: object[] = [];
    const mapped = mapErrors(source(), (error) => toGraphQLError(error, 'r-5'));
    if (Symbol.asyncIterator in mapped) for await (const event of mapped) seen.push(event);

    expect(JSON.parse(JSON.stringify(seen))).toEqual([
      { data: { n: 1 } },
      { data: null, errors: [{ message: 'over', path: ['run'], extensions: { code: 'GONE', requestId: 'r-5' } }] },
    ]);
  });
});

describe('dates', () => {
  it.each([
    ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31t12:00:00.5z', '2030-01-31T12:00:00.500Z'],
    ['2030-01-31T12:00:00.123456789+02:00', '2030-01-31T10:00:00.123Z'],
    ['2024-02-29T23:59:59-23:59', '2024-03-01T23:58:59.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ])('%s is read', (text, iso) => {
    expect(parseDateTime(text)?.toISOString()).toBe(iso);
  });

  it.each([
    '2023-02-29T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-00-01T00:00:00Z',
    '2030-01-01T24:00:00Z',
    '2030-01-01T00:60:00Z',
    '2030-01-01T00:00:60Z',
    '2030-01-01T00:00:00+24:00',
    '2030-01-01T00:00:00',
    '2030-01-01T00:00Z',
    '2030-01-01',
    '1969-12-31T23:59:59Z',
    '+102030-01-01T00:00:00Z',
    ' 2030-01-01T00:00:00Z',
    '2030-01-01 00:00:00Z',
    '',
  ])('%s is refused', (text) => {
    expect(parseDateTime(text)).toBeNull();
  });

  it('are written to the microsecond where it is known', () => {
    expect(formatDateTime(new Date(1))).toBe('1970-01-01T00:00:00.001Z');
    expect(formatDateTime(1_700_000_000_123_004n)).toBe('2023-11-14T22:13:20.123004Z');
  });
});
