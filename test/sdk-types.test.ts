import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type ChildHandle, type ChildResult, type Client, job, type Run, type TriggeredRun } from '../src/sdk/entry.ts';

describe('types', () => {
  it('flow from the schemas to the handler, its children and their results', () => {
    const payload = z.object({ name: z.string(), times: z.string().transform(Number) });
    const result = z.object({ greeting: z.string().default('hello') });
    const greet = job({
      slug: 'greet',
      payload,
      result,
      handler: async (ctx) => {
        expectTypeOf(ctx.payload).toEqualTypeOf<{ name: string; times: number }>();
        return {};
      },
    });
    const count = job({ slug: 'count', handler: async () => 3 });

    job({
      handler: async (ctx) => {
        expectTypeOf(ctx.payload).toEqualTypeOf<unknown>();
        const handle = await ctx.spawn(greet, { name: 'Ada', times: '2' });
        expectTypeOf(handle).toEqualTypeOf<ChildHandle<{ greeting: string }>>();
        const pair = await ctx.waitForChildren([handle, await ctx.spawn(count, null)]);
        expectTypeOf(pair).toEqualTypeOf<[ChildResult<{ greeting: string }>, ChildResult<number>]>();
        const [first] = pair;
        if (first.status === 'completed') expectTypeOf(first.result.greeting).toEqualTypeOf<string>();
        else expectTypeOf(first.result).toEqualTypeOf<null>();
        expectTypeOf(await ctx.spawn(count, null, { await: true })).toEqualTypeOf<ChildResult<number>>();
        expectTypeOf(await ctx.spawn('anything', { at: 'all' })).toEqualTypeOf<ChildHandle<unknown>>();
        // @ts-expect-error times is a string before the schema has seen it
        await ctx.spawn(greet, { name: 'Ada', times: 2 });
      },
    });
    // @ts-expect-error the handler does not return what the result schema takes
    job({ result, handler: () => ({ greeting: 4 }) });
    // @ts-expect-error a job without a slug cannot be spawned
    job({ handler: (ctx) => ctx.spawn(job({ handler: () => 1 }), null) });
  });

  it('flow from the schemas to the client', () => {
    const greet = job({
      slug: 'greet',
      payload: z.object({ name: z.string(), loud: z.boolean().default(false) }),
      result: z.object({ text: z.string() }),
      handler: (ctx) => ({ text: ctx.payload.name }),
    });
    async function use(client: Client): Promise<void> {
      const handle = await client.runs.trigger(greet, { name: 'Ada' });
      expectTypeOf(handle).toEqualTypeOf<TriggeredRun<{ text: string }>>();
      const ended = await client.runs.wait(handle);
      expectTypeOf(ended).toEqualTypeOf<Run<{ text: string }>>();
      expectTypeOf(ended.result).toEqualTypeOf<{ text: string } | null>();
      expectTypeOf(await client.runs.get('some-id')).toEqualTypeOf<Run<unknown>>();
      // @ts-expect-error name is a string
      await client.runs.trigger(greet, { name: 1 });
    }
    expectTypeOf(use).toBeFunction();
  });
});
