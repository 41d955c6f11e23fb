import { describe, expect, it } from 'vitest';
import { makeDispatch } from './support/fake-baton.ts';
import { setup, to } from './support/sdk-setup.ts';

const STATE = '/sdk/v1/runs/run-1/state';

describe('a checkpoint', () => {
  it('is saved, and its number answered', async () => {
    const { baton, executor } = await setup({ greet: (ctx) => ctx.checkpoint({ page: 3 }) }, (request) =>
      to('checkpoint')(request) ? { status: 200, body: { id: 'c', sequence: 7, state: { page: 3 } } } : undefined,
    );

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({ result: { sequence: 7 } });
    expect(baton.bodies('checkpoint')).toEqual([{ state: { page: 3 } }]);
  });

  it('that came with the run is there when the handler starts, and asks nobody', async () => {
    const headers = { 'x-last-checkpoint': encodeURIComponent('{"page":3,"name":"Zoë"}'), 'x-checkpoint-sequence': '2' };
    const { baton, executor } = await setup({ greet: (ctx) => ctx.lastCheckpoint });

    await executor.fetch(makeDispatch({ headers }));

    expect((await baton.reached('complete')).body).toEqual({ result: { page: 3, name: 'Zoë' } });
    expect(baton.requests).toHaveLength(1);
  });

  it.each([
    ['that was too large to come with the run', {}],
    ['that something on the way has cut', { 'x-last-checkpoint': '{"pag' }],
  ])('%s is fetched before the handler starts', async (_what, cut) => {
    const { baton, executor } = await setup({ greet: (ctx) => ctx.lastCheckpoint }, (request) =>
      request.method === 'GET' && to('checkpoint')(request)
        ? { status: 200, body: { sequence: 2, state: { page: 9 } } }
        : undefined,
    );

    await executor.fetch(makeDispatch({ headers: { 'x-checkpoint-sequence': '2', ...cut } }));

    expect((await baton.reached('complete')).body).toEqual({ result: { page: 9 } });
  });

  it('is null for a run that has none, or whose retention has taken it', async () => {
    const { baton, executor } = await setup({ greet: (ctx) => ({ none: ctx.lastCheckpoint }) }, (request) =>
      request.method === 'GET' ? { status: 404, body: { error: 'checkpoint not found' } } : undefined,
    );

    await executor.fetch(makeDispatch());
    await executor.fetch(makeDispatch({ epoch: 2, headers: { 'x-checkpoint-sequence': '2' } }));

    expect((await baton.reached('complete', 2)).body).toEqual({ result: { none: null } });
    expect(baton.bodies('complete')[0]).toEqual({ result: { none: null } });
  });

  it('that Baton refuses because the run is lost ends the handler', async () => {
    const { baton, executor } = await setup({ greet: (ctx) => ctx.checkpoint({}) }, (request) =>
      to('checkpoint')(request) ? { status: 409, body: { error: 'run must be executing or waiting to checkpoint' } } : undefined,
    );

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(baton.bodies('complete')).toEqual([]);
    expect(baton.bodies('fail')).toEqual([]);
  });
});

describe('usage and tool calls', () => {
  it('are sent in the background, in order with log lines, all before the run completes', async () => {
    const { baton, executor } = await setup({
      greet: (ctx) => {
        ctx.log.info('asking');
        ctx.usage({ provider: 'acme', model: 'large-1', promptTokens: 12, costMicrousd: 900 });
        ctx.toolCall({ name: 'search', input: { q: 'x' }, output: ['y'], durationMs: 5, status: 'ok' });
        ctx.toolCall({ name: 'odd', input: 1n });
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.requests.map(({ path, body }) => [path.split('/').at(-1), body])).toEqual([
      ['log', { level: 'info', message: 'asking' }],
      ['usage', { provider: 'acme', model: 'large-1', prompt_tokens: 12, cost_microusd: 900 }],
      ['tool-call', { tool_name: 'search', input: { q: 'x' }, output: ['y'], duration_ms: 5, status: 'ok' }],
      ['tool-call', { tool_name: 'odd', output: { not_json: expect.stringContaining('BigInt') } }],
      ['complete', { result: null }],
    ]);
  });

  it('are not dropped when log lines are', async () => {
    const { baton, executor } = await setup({
      greet: (ctx) => {
        for (let line = 0; line < 1_100; line += 1) ctx.log.info(String(line));
        for (let call = 0; call < 5; call += 1) ctx.usage({ provider: 'acme', model: String(call) });
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.bodies('usage').map((body) => (body as { model: string }).model)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('that Baton refuses are told to onError, and the run goes on', async () => {
    const { baton, executor, errors } = await setup({ greet: (ctx) => ctx.usage({ provider: '', model: 'x' }) }, (request) =>
      to('usage')(request) ? { status: 400, body: { error: 'validation failed' } } : undefined,
    );

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(errors).toMatchObject([{ status: 400 }]);
  });
});

describe('state', () => {
  it('is set, read and deleted by key, whatever the key', async () => {
    const { baton, executor } = await setup(
      {
        greet: async ({ state }) => {
          await state.set('a/b ü', undefined);
          await state.delete('gone');
          return [await state.get('a/b ü'), (await state.get('gone')) === undefined];
        },
      },
      ({ method, path }) => {
        if (method === 'POST') return undefined;
        if (path === `${STATE}/a%2Fb%20%C3%BC`) return { status: 200, body: { state_key: 'a/b ü', value: { n: 1 } } };
        return { status: 404, body: { error: 'state key not found' } };
      },
    );

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({ result: [{ n: 1 }, true] });
    expect(baton.bodies('state')).toEqual([{ key: 'a/b ü', value: null }]);
    expect(baton.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual([`${STATE}/gone`]);
  });

  it('is listed over all its pages, and only from where the run is', async () => {
    const row = (state_key: string, value: unknown) => ({ state_key, value });
    const { baton, executor } = await setup({ greet: async ({ state }) => [...(await state.list())] }, ({ method, path }) => {
      if (method !== 'GET') return undefined;
      if (path === `${STATE}?limit=100`) {
        const link = '<https://elsewhere.example/steal?limit=100&cursor=YQ>; rel="next"';
        return { status: 200, body: [row('a', 1)], headers: { link } };
      }
      return path === `${STATE}?limit=100&cursor=YQ` ? { status: 200, body: [row('b', null)] } : { status: 404 };
    });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({
      result: [
        ['a', 1],
        ['b', null],
      ],
    });
  });
});

describe('annotations and continuations', () => {
  it('are sent under a key that is the same when the handler runs again', async () => {
    const { baton, executor } = await setup(
      {
        greet: async (ctx) => {
          await ctx.annotate({ region: 'eu' });
          return [await ctx.continueWith({ page: 4 }), await ctx.continueWith(), await ctx.continueWith(null, { key: 'last' })];
        },
      },
      (request) => (to('continue')(request) ? { status: 202, body: { id: 'r2', status: 'queued', job_id: 'j' } } : undefined),
    );

    await executor.fetch(makeDispatch());

    const next = { id: 'r2', status: 'queued' };
    expect((await baton.reached('complete')).body).toEqual({ result: [next, next, next] });
    expect(baton.bodies('annotate')).toEqual([{ annotations: { region: 'eu' } }]);
    expect(baton.bodies('continue')).toEqual([
      { payload: { page: 4 }, key: 'continue:1' },
      { key: 'continue:2' },
      { payload: null, key: 'last' },
    ]);
  });
});
