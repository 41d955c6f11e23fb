import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streamRun } from '../src/domain/runs/chunk.ts';
import { MAX_RUN_CHUNK_BYTES } from '../src/domain/runs/chunk-statement.ts';
import { makeChunks } from '../src/domain/runs/chunks.ts';
import { fireTimers } from '../src/domain/runs/reap.ts';
import { forgetChunks } from '../src/domain/runs/retention.ts';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const STREAM = 'mutation ($input: StreamRunInput!) { streamRun(input: $input) { seq } }';
const FOLLOW =
  'subscription ($id: ID!, $streamId: String, $after: String) { runChunks(runId: $id, streamId: $streamId, after: $after) { cursor seq streamId chunk done attempt } }';

type Executing = Awaited<ReturnType<GraphQLWorld['start']>>;

async function start(): Promise<Executing> {
  const job = await t.createJob();
  return t.start({ job: job.id });
}

const push = async (actor: Executing, input: object): Promise<number> =>
  (await t.get(STREAM, { variables: { input }, as: actor })).streamRun.seq;

const complete = (actor: Executing) => t.get('mutation { completeRun { id } }', { as: actor });

async function follow(id: string, more: object = {}): Promise<AsyncIterableIterator<Answer>> {
  const stream = await t.follow(FOLLOW, { variables: { id, ...more } });
  if (!(Symbol.asyncIterator in stream)) throw new Error(`refused: ${JSON.stringify(stream)}`);
  return stream;
}

async function chunks(stream: AsyncIterable<Answer>): Promise<[string, string | null][]> {
  const seen: [string, string | null][] = [];
  for await (const { data } of stream) seen.push([data.runChunks.cursor, data.runChunks.chunk]);
  return seen;
}

describe('a numbered request', () => {
  const pieces = async (actor: Executing) => (await chunks(await follow(actor.runId))).map(([, chunk]) => chunk);

  it('that is sent again is answered as before, and stored once', async () => {
    const actor = await start();

    const first = await push(actor, { chunks: ['a', 'b'], sequence: 1 });
    expect(await push(actor, { chunks: ['a', 'b'], sequence: 1 })).toBe(first);
    const second = await push(actor, { chunk: 'c', sequence: 2 });
    expect(await push(actor, { chunk: 'c', sequence: 2 })).toBe(second);
    expect(second).toBe(first + 1);
    await complete(actor);

    expect(await pieces(actor)).toEqual(['a', 'b', 'c']);
  });

  it('is known by its stream, and may skip numbers; what has none is always new', async () => {
    const actor = await start();

    await push(actor, { chunk: 'a', sequence: 1 });
    await push(actor, { chunk: 'b', sequence: 1, streamId: 'other' });
    await push(actor, { chunk: 'c', sequence: 7 });
    await push(actor, { chunk: 'late', sequence: 6 });
    await push(actor, { chunk: 'd' });
    await push(actor, { chunk: 'd' });
    await complete(actor);

    expect(await pieces(actor)).toEqual(['a', 'b', 'c', 'd', 'd']);
  });

  it('is stored once however many of it come at the same time, over two processes', async () => {
    const actor = await start();
    const elsewhere = makeChunks({ pool: t.pools.reads, onReported() {} });

    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        [1, 2, 3].map((sequence) => {
          const input = { chunk: String(sequence), sequence };
          return index % 2 ? push(actor, input) : streamRun(actor, input, { chunks: elsewhere });
        }),
      ).flat(),
    );
    await complete(actor);

    const stored = await pieces(actor);
    expect(stored).toEqual([...new Set(stored)].sort());
    expect(stored.at(-1)).toBe('3');
  });

  it('counts from the beginning in the next attempt', async () => {
    const job = await t.createJob({ retryStrategy: 'fixed', retryInitialDelaySecs: 0 });
    const first = await t.start({ job: job.id });
    await push(first, { chunk: 'a', sequence: 5 });
    await t.get('mutation { failRun(input: { error: "x", retry: true }) { id } }', { as: first });
    await t.pools.reads.query('update runs set wake_at = now() where id = $1', [first.runId]);
    await fireTimers(t.runs);
    const [second] = await t.claim();
    if (!second) throw new Error('not claimed again');
    await push(second, { chunk: 'b', sequence: 1 });
    await complete(second);

    expect(await pieces(second)).toEqual(['a', 'b']);
  });

  it('has a number from 1', async () => {
    const actor = await start();

    for (const sequence of [0, -1, 2_147_483_648]) {
      const { errors } = await t.ask(STREAM, { variables: { input: { chunk: 'x', sequence } }, as: actor });
      expect(errors).toHaveLength(1);
    }
  });
});

describe('streamed text', () => {
  it('is an event with its pieces, and is given back piece by piece', async () => {
    const actor = await start();

    const seq = await push(actor, { chunks: ['Hel', 'lo'], done: true });
    await push(actor, { chunk: 'beside', streamId: 'thoughts' });
    await complete(actor);

    const { run } = await t.get(
      'query ($id: ID!) { run(id: $id) { events(type: [CHUNK]) { edges { node { seq type level message data } } } } }',
      { variables: { id: actor.runId } },
    );
    expect(run.events.edges[0].node).toEqual({
      seq,
      type: 'CHUNK',
      level: 'INFO',
      message: '2 pieces of the stream "default", which ends',
      data: { stream_id: 'default', chunks: ['Hel', 'lo'], done: true },
    });
    const pieces = [];
    for await (const { data } of await follow(actor.runId)) pieces.push(data.runChunks);
    expect(pieces).toEqual([
      { cursor: `${seq}.1`, seq, streamId: 'default', chunk: 'Hel', done: false, attempt: 1 },
      { cursor: `${seq}.2`, seq, streamId: 'default', chunk: 'lo', done: true, attempt: 1 },
      { cursor: `${seq + 1}.1`, seq: seq + 1, streamId: 'thoughts', chunk: 'beside', done: false, attempt: 1 },
    ]);
  });

  it('shares few events when it comes fast, in the order of the calls, one stream never in the event of another', async () => {
    const actor = await start();
    const words = Array.from({ length: 600 }, (_, index) => `w${index} `);

    const seqs = await Promise.all(words.map((chunk, index) => push(actor, { chunk, streamId: index % 3 === 0 ? 'a' : 'b' })));
    await complete(actor);

    expect(new Set(seqs).size).toBeLessThan(20);
    for (const [streamId, own] of [
      ['a', words.filter((_, index) => index % 3 === 0)],
      ['b', words.filter((_, index) => index % 3 !== 0)],
    ] as const) {
      expect((await chunks(await follow(actor.runId, { streamId }))).map(([, chunk]) => chunk)).toEqual(own);
    }
  });

  it('goes on exactly after any piece, also in the middle of an event', async () => {
    const actor = await start();
    await push(actor, { chunks: ['1', '2', '3'] });
    await push(actor, { chunks: ['4', '5'] });
    await complete(actor);
    const all = await chunks(await follow(actor.runId));
    expect(all.map(([, chunk]) => chunk)).toEqual(['1', '2', '3', '4', '5']);

    for (const [index, [cursor]] of all.entries()) {
      expect(await chunks(await follow(actor.runId, { after: cursor }))).toEqual(all.slice(index + 1));
    }
    expect(await chunks(await follow(actor.runId, { after: all[0]?.[0].split('.')[0] }))).toEqual(all.slice(3));
  });

  it('is followed live', async () => {
    const actor = await start();
    const stream = await follow(actor.runId, { streamId: 'x' });
    const next = async () => (await stream.next()).value?.data.runChunks.chunk;

    const first = next();
    await push(actor, { chunk: 'elsewhere' });
    await push(actor, { chunk: 'one', streamId: 'x' });
    expect(await first).toBe('one');
    const second = next();
    await push(actor, { chunk: 'two', streamId: 'x', done: true });
    expect(await second).toBe('two');
    await complete(actor);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(t.runs.tails.size()).toBe(0);
  });

  it('pages', async () => {
    const actor = await start();
    await push(actor, { chunks: ['1', '2', '3'] });
    await push(actor, { chunks: ['other'], streamId: 'o' });
    await push(actor, { chunks: ['4', '5'] });
    const page = async (args: string) => {
      const { run } = await t.get(
        `query ($id: ID!) { run(id: $id) { chunks(${args}) { edges { cursor node { chunk } } pageInfo { hasNextPage endCursor } } } }`,
        { variables: { id: actor.runId } },
      );
      const texts = run.chunks.edges.map(({ node }: { node: { chunk: string } }) => node.chunk);
      return [texts, run.chunks.pageInfo.hasNextPage, run.chunks.pageInfo.endCursor];
    };

    const [first, more, cursor] = await page('first: 2, streamId: "default"');
    expect([first, more]).toEqual([['1', '2'], true]);
    const [second, evenMore, last] = await page(`first: 2, streamId: "default", after: "${cursor}"`);
    expect([second, evenMore]).toEqual([['3', '4'], true]);
    expect((await page(`first: 2, streamId: "default", after: "${last}"`)).slice(0, 2)).toEqual([['5'], false]);
    expect((await page('first: 6'))[0]).toEqual(['1', '2', '3', 'other', '4', '5']);
    const refused = await t.ask('query ($id: ID!) { run(id: $id) { chunks(last: 2) { edges { cursor } } } }', {
      variables: { id: actor.runId },
    });
    expect(refused.errors).toMatchObject([{ message: 'chunks are read forwards: give first and after' }]);
  });

  it.each([
    ['more than 64 KB at once', { chunks: ['x'.repeat(40_000), 'x'.repeat(40_000)] }, 'PAYLOAD_TOO_LARGE'],
    ['one piece that is too long', { chunk: 'x'.repeat(70_000) }, 'BAD_REQUEST'],
    ['both fields', { chunk: 'a', chunks: ['b'] }, 'BAD_REQUEST'],
    ['NUL', { chunk: 'a\0' }, 'BAD_REQUEST'],
    ['NUL among several', { chunks: ['a', '\0'] }, 'BAD_REQUEST'],
    ['no pieces', { chunks: [] }, 'BAD_REQUEST'],
    ['a stream without a name', { chunk: 'a', streamId: '' }, 'BAD_REQUEST'],
  ])('of %s is refused', async (_what, input, code) => {
    const actor = await start();

    expect((await t.ask(STREAM, { variables: { input }, as: actor })).errors).toMatchObject([{ extensions: { code } }]);
    await complete(actor);
    expect(await chunks(await follow(actor.runId))).toEqual([]);
  });

  it('of a claim that no longer stands is refused', async () => {
    const actor = await start();
    await complete(actor);

    const refused = await t.ask(STREAM, { variables: { input: { chunk: 'late' } }, as: actor });
    const stale = await t.ask(STREAM, { variables: { input: { chunk: 'late' } }, as: { ...actor, epoch: 0 } });

    expect(refused.errors).toMatchObject([{ message: 'run status conflict: the run is completed' }]);
    expect(stale.errors).toMatchObject([{ message: expect.stringContaining('stale run token') }]);
  });

  it('comes to an end, in words, without harm to what other runs stream meanwhile', async () => {
    const actor = await start();
    const other = await start();
    await t.pools.reads.query('update runs set chunk_bytes = $2 where id = $1', [actor.runId, MAX_RUN_CHUNK_BYTES - 200]);

    const [first, second, beside] = await Promise.allSettled([
      push(actor, { chunk: 'fits' }),
      t.ask(STREAM, { variables: { input: { chunk: 'x'.repeat(500), streamId: 'more' } }, as: actor }),
      push(other, { chunk: 'fits' }),
    ]);

    expect([first.status, beside.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(second).toMatchObject({
      value: {
        errors: [{ message: expect.stringContaining('which is 64 MB'), extensions: { code: 'PAYLOAD_TOO_LARGE' } }],
      },
    });
    await push(actor, { chunk: 'fits too' });
  });

  it('is forgotten after seven days, which its readers are told, and the story keeps its numbers', async () => {
    const actor = await start();
    const seq = await push(actor, { chunks: ['old', 'older'], done: true });
    await t.pools.reads.query("update run_events set created_at = now() - interval '8 days' where run_id = $1 and seq = $2", [
      actor.runId,
      seq,
    ]);
    await push(actor, { chunk: 'new' });
    await complete(actor);

    expect(await forgetChunks(100, t.runs)).toBe(1);
    expect(await forgetChunks(100, t.runs)).toBe(0);

    expect(await chunks(await follow(actor.runId))).toEqual([
      [`${seq}.2`, null],
      [`${seq + 1}.1`, 'new'],
    ]);
    expect(await chunks(await follow(actor.runId, { after: `${seq}.1` }))).toHaveLength(2);
    expect(await chunks(await follow(actor.runId, { after: `${seq}.2` }))).toEqual([[`${seq + 1}.1`, 'new']]);
  });

  it('of another project cannot be followed', async () => {
    const actor = await start();

    const foreign = await t.follow(FOLLOW, { variables: { id: actor.runId }, as: keyOf('other', '*') });

    expect((foreign as Answer).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it.each(['x', '1.x', '-1', '1.2.3'])('has no cursor %s', async (after) => {
    const actor = await start();

    const refused = (await t.follow(FOLLOW, { variables: { id: actor.runId, after } })) as Answer;

    expect(refused.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });
});
