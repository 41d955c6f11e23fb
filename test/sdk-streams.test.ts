import { describe, expect, it } from 'vitest';
import { type FakeAnswer, latch, makeDispatch } from './support/fake-baton.ts';
import { setup, setupClient, to } from './support/sdk-setup.ts';

interface Body {
  readonly chunk?: string;
  readonly chunks?: readonly string[];
  readonly stream_id: string;
  readonly sequence: number;
  readonly done?: true;
}

const textOf = (bodies: readonly unknown[], streamId = 'default') =>
  (bodies as Body[])
    .filter((body) => body.stream_id === streamId)
    .flatMap(({ chunk, chunks = [chunk ?? ''] }) => chunks)
    .join('');

describe('what a handler streams', () => {
  it('goes out in order, several pieces to a request, all before the run completes, and holds up nobody', async () => {
    const { baton, executor } = await setup({
      greet: (ctx) => {
        for (let index = 0; index < 1_200; index += 1) ctx.stream(`${index} `);
        ctx.stream('a thought', { streamId: 'thoughts', done: true });
        ctx.stream('the end', { done: true });
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    const bodies = baton.bodies('stream') as Body[];
    expect(textOf(bodies)).toBe(`${Array.from({ length: 1_200 }, (_, index) => `${index} `).join('')}the end`);
    expect(
      bodies.map(({ stream_id, sequence, chunks, chunk, done }) => [stream_id, sequence, chunks?.length ?? chunk, done]),
    ).toEqual([
      ['default', 1, 500, undefined],
      ['default', 2, 500, undefined],
      ['default', 3, 201, true],
      ['thoughts', 1, 'a thought', true],
    ]);
    expect(baton.requests.at(-1)?.path).toMatch(/complete$/);
  });

  it('gathers while a request is on its way', async () => {
    const [gate, arrived] = [latch(), latch()];
    const { baton, executor } = await setup(
      {
        greet: async (ctx) => {
          ctx.stream('first');
          await arrived.promise;
          for (const piece of ['a', 'b', 'c']) ctx.stream(piece);
          gate.open();
        },
      },
      async (request) => {
        if (!to('stream')(request)) return undefined;
        arrived.open();
        await gate.promise;
        return undefined;
      },
    );

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.bodies('stream')).toEqual([
      { chunk: 'first', stream_id: 'default', sequence: 1 },
      { chunks: ['a', 'b', 'c'], stream_id: 'default', sequence: 2 },
    ]);
  });

  it('may be of any length and any characters', async () => {
    const long = '€😀'.repeat(30_000);
    const { baton, executor } = await setup({ greet: (ctx) => ctx.stream(`\0${long}`) });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    const bodies = baton.bodies('stream') as Body[];
    expect(textOf(bodies)).toBe(`\ufffd${long}`);
    for (const { chunks = [] } of bodies) expect(Buffer.byteLength(JSON.stringify(chunks))).toBeLessThanOrEqual(65_536);
  });

  it('is told of once and no more when the run has streamed all it may, and the run goes on', async () => {
    const refusal: FakeAnswer = { status: 413, body: { error: 'this run has streamed all it may' } };
    const { baton, executor, errors } = await setup(
      {
        greet: async (ctx) => {
          ctx.stream('too much');
          await baton.reached('stream');
          await ctx.checkpoint({});
          ctx.stream('for nothing');
        },
      },
      (request) => (to('stream')(request) ? refusal : undefined),
    );

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.bodies('stream')).toHaveLength(1);
    expect(errors).toMatchObject([{ status: 413 }]);
  });

  it('is dropped, which is told once, rather than fill the memory while Baton is away', async () => {
    const [gate, full] = [latch(), latch()];
    const { baton, executor, errors } = await setup(
      {
        greet: (ctx) => {
          for (let megabyte = 0; megabyte < 20; megabyte += 1) ctx.stream('x'.repeat(1024 * 1024));
          full.open();
        },
      },
      async (request) => {
        if (to('stream')(request)) await gate.promise;
        return undefined;
      },
    );

    await executor.fetch(makeDispatch());
    await full.promise;

    expect(errors).toMatchObject([{ message: expect.stringContaining('streamed text is dropped') }]);
    gate.open();
    await baton.reached('complete');
    expect(textOf(baton.bodies('stream'))).toHaveLength(16 * 1024 * 1024);
  }, 30_000);
});

describe('following what a run streams', () => {
  const wire = (cursor: string, chunk: string) => ({
    cursor,
    streamId: 'default',
    chunk,
    done: false,
    attempt: 1,
    createdAt: '2030-01-01T00:00:00Z',
  });
  const next = (chunk: object) => `event: next\ndata: ${JSON.stringify({ data: { runChunks: chunk } })}\n\n`;
  const complete = 'event: complete\ndata:\n\n';
  async function* pieces(...all: string[]): AsyncGenerator<string> {
    yield* all;
  }

  it('goes on after the last piece it has, tells none twice, and ends with the run', async () => {
    const answers: FakeAnswer[] = [
      { stream: pieces(next(wire('4.1', 'a')), next(wire('4.2', 'b'))) },
      'drop',
      { stream: pieces(next(wire('4.2', 'b')), next(wire('4.3', 'c')), next(wire('10.1', 'd'))) },
      // The run is over by now; whether that was all is for Baton to say.
      { stream: pieces(next(wire('11.1', 'e')), complete) },
      { stream: pieces(complete) },
    ];
    const { baton, client } = await setupClient(({ path }) =>
      path === '/graphql' ? answers.shift() : { status: 200, body: { id: 'run-1', status: 'completed' } },
    );

    const seen: (string | null)[] = [];
    for await (const { chunk } of client.runs.stream('run-1', { streamId: 'default' })) seen.push(chunk);

    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
    const variables = baton.requests.flatMap(({ path, body }) => (path === '/graphql' ? [Object(body).variables] : []));
    expect(variables).toEqual(
      ['0', '4.2', '4.2', '10.1', '11.1'].map((after) => ({ runId: 'run-1', streamId: 'default', after })),
    );
  });

  it('stops by signal', async () => {
    const gate = latch();
    async function* endless(): AsyncGenerator<string> {
      yield next(wire('1.1', 'a'));
      await gate.promise;
    }
    const { baton, client } = await setupClient(() => ({ stream: endless() }));
    const aborter = new AbortController();
    const reading = (async () => {
      for await (const _ of client.runs.stream('run-1', { signal: aborter.signal })) aborter.abort(new Error('enough'));
    })();

    await expect(reading).rejects.toThrow('enough');
    await baton.hungUp(1);
    gate.open();
  });
});
