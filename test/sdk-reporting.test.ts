import { describe, expect, it } from 'vitest';
import { latch, makeDispatch } from './support/fake-baton.ts';
import { setup, to } from './support/sdk-setup.ts';

describe('what a handler reports', () => {
  it('sends log lines one at a time, in order, as they were when written, all before the run completes', async () => {
    const data = { n: 1 };
    const { baton, executor } = await setup({
      greet: ({ log }) => {
        log.debug('one', data);
        data.n = 2;
        log.info('two');
        log.warn('three', { big: 1n });
        log.error('four \0');
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.requests.map(({ path, body }) => [path.split('/').at(-1), body])).toEqual([
      ['log', { level: 'debug', message: 'one', data: { n: 1 } }],
      ['log', { level: 'info', message: 'two' }],
      ['log', { level: 'warn', message: 'three', data: { not_json: expect.stringContaining('BigInt') } }],
      ['log', { level: 'error', message: 'four \ufffd' }],
      ['complete', { result: null }],
    ]);
  });

  it('sends only the newest of the progress reports made while another was on its way', async () => {
    const gate = latch();
    const first = latch();
    const { baton, executor } = await setup(
      {
        greet: async ({ progress }) => {
          progress(0, 'start');
          await first.promise;
          for (let percent = 1; percent <= 120; percent += 1) progress(percent, 'on the way', { step: 'walk', etaSecs: 3 });
          gate.open();
        },
      },
      async (request) => {
        if (!to('progress')(request) || (request.body as { percent: number }).percent > 0) return undefined;
        first.open();
        await gate.promise;
        return undefined;
      },
    );

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.bodies('progress')).toEqual([
      { percent: 0, message: 'start' },
      { percent: 100, message: 'on the way', step: 'walk', eta_secs: 3 },
    ]);
  });

  it('drops log lines beyond a thousand unsent ones and says how many', async () => {
    const { baton, executor } = await setup({
      greet: ({ log }) => {
        for (let line = 0; line < 1_100; line += 1) log.info(String(line));
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    const messages = baton.bodies('log').map((body) => (body as { message: string }).message);
    // The first is on its way when the queue begins to fill.
    expect(messages).toHaveLength(1_002);
    expect(messages[1_000]).toBe('1000');
    expect(messages[1_001]).toMatch(/^99 log lines were dropped/);
  });

  it('goes on without a log line that Baton refuses, and tells onError', async () => {
    const refusal = { status: 400, body: { error: 'message: too long' } };
    const { baton, executor, errors } = await setup({ greet: ({ log }) => log.info('x') }, (request) =>
      to('log')(request) ? refusal : undefined,
    );

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(errors).toMatchObject([{ status: 400, message: 'message: too long' }]);
  });

  it('stores outputs and reports their refusal to the handler', async () => {
    const { baton, executor } = await setup(
      {
        greet: async (ctx) => {
          await ctx.output('good', { a: 1 }, { type: 'object' });
          return ctx.output('bad', undefined).catch((error: Error) => error.message);
        },
      },
      (request) =>
        to('output')(request) && (request.body as { output_key: string }).output_key === 'bad'
          ? { status: 400, body: { error: 'output schema validation failed' } }
          : undefined,
    );

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({ result: 'output schema validation failed' });
    expect(baton.bodies('output')).toEqual([
      { output_key: 'good', value: { a: 1 }, schema: { type: 'object' } },
      { output_key: 'bad', value: null },
    ]);
  });
});
