import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type JobContext, job, PermanentError } from '../src/sdk/entry.ts';
import { type FakeAnswer, latch, makeDispatch } from './support/fake-baton.ts';
import { setup, to } from './support/sdk-setup.ts';

describe('how a run ends', () => {
  it('fails for good, naming the field, when the payload does not pass its schema', async () => {
    const payload = z.object({ user: z.object({ age: z.number() }) });
    const { baton, executor } = await setup({ greet: job({ payload, handler: () => null }) });

    await executor.fetch(makeDispatch({ payload: { user: { age: 'old' } } }));

    expect((await baton.reached('fail')).body).toEqual({
      error: expect.stringMatching(/^the payload is not valid: user\.age: .*number/),
    });
  });

  it('hands the handler what the schema makes of the payload', async () => {
    const payload = z.object({ name: z.string().default('you'), at: z.string().transform((text) => text.length) });
    const { baton, executor } = await setup({ greet: job({ payload, handler: (ctx) => ctx.payload }) });

    await executor.fetch(makeDispatch({ payload: { at: 'noon' } }));

    expect((await baton.reached('complete')).body).toEqual({ result: { name: 'you', at: 4 } });
  });

  it('fails for good when the result does not pass its schema', async () => {
    const result = z.object({ count: z.number().max(3) });
    const { baton, executor } = await setup({ greet: job({ result, handler: () => ({ count: 4 }) }) });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: expect.stringMatching(/^the result is not valid: count: /) });
  });

  it.each([
    ['a BigInt', () => ({ n: 1n }), /the result is not JSON/],
    [
      'a cycle',
      () => {
        const a: Record<string, unknown> = {};
        a['a'] = a;
        return a;
      },
      /the result is not JSON/,
    ],
  ])('fails for good when the result is %s', async (_what, handler, words) => {
    const { baton, executor } = await setup({ greet: handler });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: expect.stringMatching(words) });
  });

  it.each([
    ['nothing', undefined],
    ['a function', () => 1],
  ])('completes with null when the handler returns %s', async (_what, value) => {
    const { baton, executor } = await setup({ greet: () => value });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({ result: null });
  });

  it('asks for another try when the handler throws, and logs the stack first', async () => {
    const { baton, executor } = await setup({
      greet: () => {
        throw new Error('the printer is on fire');
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('fail');

    expect(baton.requests.map(({ path, body }) => [path.split('/').at(-1), body])).toEqual([
      [
        'log',
        { level: 'error', message: 'the printer is on fire', data: { stack: expect.stringContaining('sdk-run-ending.test.ts') } },
      ],
      ['fail', { error: 'the printer is on fire', retry: true }],
    ]);
  });

  it('asks for no other try when the handler throws a PermanentError', async () => {
    const { baton, executor } = await setup({
      greet: () => {
        throw new PermanentError('no such user');
      },
    });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: 'no such user' });
  });

  it.each([
    ['a string', 'plain text', 'plain text'],
    ['an error without words', new TypeError(''), 'TypeError'],
    ['an object', { code: 7 }, 'a value that is not an Error was thrown: {"code":7}'],
    ['text that Postgres cannot keep', new Error('nul \0 and \ud800.'), 'nul \ufffd and \ufffd.'],
  ])('words a failure when the handler throws %s', async (_what, thrown, words) => {
    const { baton, executor } = await setup({
      greet: () => {
        throw thrown;
      },
    });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toMatchObject({ error: words });
  });

  it('repeats the report while Baton is away', async () => {
    const answers: FakeAnswer[] = [
      { status: 503, headers: { 'retry-after': '0' } },
      'drop',
      { status: 429, headers: { 'retry-after': '0' } },
    ];
    const { baton, executor, errors } = await setup({ greet: () => 'done' }, (request) =>
      to('complete')(request) ? answers.shift() : undefined,
    );

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(baton.bodies('complete')).toEqual(Array(4).fill({ result: 'done' }));
    expect(errors).toEqual([]);
  });

  it.each([409, 410, 401, 403])('stops quietly when the report is answered %i', async (status) => {
    const { baton, executor, errors } = await setup({ greet: () => 'done' }, () => ({ status, body: { error: 'too late' } }));

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(baton.requests).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('fails the run when Baton refuses its result', async () => {
    const refusal = { status: 413, body: { error: 'the result has more than 1 MB' } };
    const { baton, executor } = await setup({ greet: () => 'done' }, (request) =>
      to('complete')(request) ? refusal : undefined,
    );

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: 'the result was refused: the result has more than 1 MB' });
  });

  it('lets nothing that a handler left running report on the run that has ended', async () => {
    const context = latch<JobContext>();
    const { baton, executor } = await setup({ greet: (ctx) => context.open(ctx) });

    await executor.fetch(makeDispatch());
    await executor.close();
    const ctx = await context.promise;
    ctx.log.info('stray');

    await expect(ctx.output('stray', 1)).rejects.toMatchObject({ name: 'RunAbortedError', reason: 'ended' });
    expect(baton.requests.map(({ path }) => path)).toEqual(['/sdk/v1/runs/run-1/complete']);
  });

  it('tells onError when even the failure cannot be reported', async () => {
    const refusal = { status: 422, body: { error: 'no' } };
    const { executor, errors } = await setup({ greet: () => 'done' }, () => refusal);

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(errors).toMatchObject([{ name: 'BatonError', status: 422, message: 'no' }]);
  });
});
