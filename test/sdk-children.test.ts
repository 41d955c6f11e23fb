import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { job, RunAbortedError } from '../src/sdk/entry.ts';
import { latch, makeDispatch } from './support/fake-baton.ts';
import { type Script, setup, to } from './support/sdk-setup.ts';

describe('children', () => {
  const child = job({
    slug: 'child',
    payload: z.object({ file: z.string(), depth: z.number().default(1) }),
    result: z.object({ lines: z.number() }),
    handler: () => ({ lines: 1 }),
  });

  /** Answers spawns with ids made of their keys; `states` decides what waiting is answered, in turn. */
  function family(states: ('waiting' | 'ready')[]): Script {
    return (request) => {
      const body = request.body as { spawn_key: string; run_ids?: string[] };
      if (to('spawn')(request)) return { status: 202, body: { id: `id-${body.spawn_key}`, status: 'queued' } };
      if (!to('wait-for-children')(request)) return undefined;
      const status = states.shift() ?? 'ready';
      const ids = [...(body.run_ids ?? ['id-a', 'id-b'])].reverse();
      const children = ids.map((id, at) =>
        at === 0
          ? { id, status: 'completed', result: { lines: at }, error: null }
          : { id, status: 'failed', result: null, error: 'no' },
      );
      return { status: 200, body: { status, children: status === 'ready' ? children : [] } };
    };
  }

  it('spawns under keys that count the spawns of each job, or under a given key', async () => {
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => {
          await Promise.all([
            ctx.spawn(child, { file: 'a' }),
            ctx.spawn('other', null),
            ctx.spawn(child, { file: 'b' }, { priority: 3 }),
          ]);
          const handle = await ctx.spawn(child, { file: 'c' }, { key: 'mine' });
          return handle.id;
        },
      },
      family([]),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));

    expect((await baton.reached('complete')).body).toEqual({ result: 'id-mine' });
    expect(new Set(baton.bodies('spawn'))).toEqual(
      new Set([
        { job_slug: 'child', payload: { file: 'a' }, spawn_key: 'child:1' },
        { job_slug: 'other', payload: null, spawn_key: 'other:1' },
        { job_slug: 'child', payload: { file: 'b' }, spawn_key: 'child:2', priority: 3 },
        { job_slug: 'child', payload: { file: 'c' }, spawn_key: 'mine' },
      ]),
    );
  });

  it('leaves the handler when its children have not ended, and answers their results in order when it runs again', async () => {
    const runs: string[] = [];
    const { baton, executor, errors } = await setup(
      {
        parent: async (ctx) => {
          runs.push('start');
          const handles = [await ctx.spawn(child, { file: 'a' }), await ctx.spawn(child, { file: 'b' })];
          for (let line = 0; line < 20; line += 1) ctx.log.info('spawned');
          const results = await ctx.waitForChildren(handles, { timeoutSecs: 60 });
          runs.push('end');
          return results;
        },
      },
      family(['waiting', 'ready']),
      { heartbeatIntervalMs: 2 },
    );

    await executor.fetch(makeDispatch({ slug: 'parent', epoch: 1 }));
    await baton.reached('wait-for-children');
    await executor.fetch(makeDispatch({ slug: 'parent', epoch: 2, token: 'token-2' }));
    await executor.close();

    expect(runs).toEqual(['start', 'start', 'end']);
    expect(baton.bodies('spawn').map((body) => (body as { spawn_key: string }).spawn_key)).toEqual([
      'child:1',
      'child:2',
      'child:1',
      'child:2',
    ]);
    expect(baton.bodies('wait-for-children')).toEqual(Array(2).fill({ run_ids: ['id-child:1', 'id-child:2'], timeout_secs: 60 }));
    // Nothing is told about a run that waits: the log lines went out before, and nothing was completed or failed the first time.
    expect(baton.requests.slice(0, baton.requests.findIndex(to('wait-for-children'))).filter(to('log'))).toHaveLength(20);
    expect(baton.bodies('complete')).toEqual([
      {
        result: [
          { id: 'id-child:1', status: 'failed', result: null, error: 'no' },
          { id: 'id-child:2', status: 'completed', result: { lines: 0 }, error: null },
        ],
      },
    ]);
    expect(baton.bodies('fail')).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('lets a handler that swallows the suspension do nothing more', async () => {
    const again = latch<unknown>();
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => {
          await ctx.waitForChildren().catch(() => {});
          await ctx.spawn('child', null).catch(again.open);
          return 'as if nothing had happened';
        },
      },
      family(['waiting']),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));
    await executor.close();
    const error = await again.promise;

    expect(error).toBeInstanceOf(RunAbortedError);
    expect(error).toMatchObject({ reason: 'suspended' });

    expect(baton.requests.map(({ path }) => path)).toEqual(['/sdk/v1/runs/run-1/wait-for-children']);
  });

  it('waits for every child without handles, for none with an empty list, and for one with await', async () => {
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => [
          await ctx.waitForChildren(),
          await ctx.waitForChildren([]),
          await ctx.spawn(child, { file: 'a' }, { await: true, timeoutSecs: 5 }),
        ],
      },
      family([]),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));

    expect((await baton.reached('complete')).body).toEqual({
      result: [
        [
          { id: 'id-b', status: 'completed', result: { lines: 0 }, error: null },
          { id: 'id-a', status: 'failed', result: null, error: 'no' },
        ],
        [],
        { id: 'id-child:1', status: 'completed', result: { lines: 0 }, error: null },
      ],
    });
    expect(baton.bodies('wait-for-children')).toEqual([{}, { run_ids: ['id-child:1'], timeout_secs: 5 }]);
  });

  it('waits for more children than one request may name', async () => {
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => {
          const handles = Array.from({ length: 1_001 }, (_, index) => ({ id: `id-${index}`, status: 'queued' as const }));
          const results = await ctx.waitForChildren(handles);
          return [results.length, results[0]?.id, results[1_000]?.id];
        },
      },
      family([]),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));

    expect((await baton.reached('complete')).body).toEqual({ result: [1_001, 'id-0', 'id-1000'] });
    expect(baton.bodies('wait-for-children').map((body) => (body as { run_ids: string[] }).run_ids.length)).toEqual([1_000, 1]);
  });
});
