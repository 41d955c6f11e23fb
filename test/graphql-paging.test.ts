import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logRun } from '../src/domain/runs/log.ts';
import { setOutput } from '../src/domain/runs/output.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** A list of the schema: its arguments beside those of a page, what to ask of a row, and how to get from the data to the page. */
interface List {
  readonly name: string;
  readonly document: (page: string) => string;
  readonly pageOf: (data: { readonly list: Page; readonly parent: { readonly list: Page } }) => Page;
  /** How many rows it has. */
  readonly length: number;
}

const RUNS = 7;
const PAGE_INFO = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** Fills the database and says which lists there are, each with more rows than one page of the test. */
async function fill(): Promise<List[]> {
  const job = await t.createJob();
  const actor = await t.start({ job: job.id });
  const parent = actor.runId;
  for (let n = 0; n < RUNS; n++) {
    await logRun(actor, { message: `line ${n}`, level: n % 2 ? 'warn' : 'info' }, t.runs);
    await setOutput(actor, { key: `output-${n}`, value: n }, t.runs);
    await t.createJob({ slug: `paged-${n}`, tags: { paged: 'yes' } });
    await t.get('mutation ($n: String!) { createApiKey(input: { name: $n }) { key } }', { variables: { n: `key ${n}` } });
    await t.get('mutation ($id: ID!) { createProject(input: { id: $id, name: "Paged" }) { id } }', {
      variables: { id: `paged-${n}` },
    });
    await t.get('mutation ($job: ID!) { spawnRun(input: { job: $job }) { id } }', { variables: { job: job.slug }, as: actor });
  }
  const items = Array.from({ length: RUNS }, () => ({}));
  const { triggerRuns: batch } = await t.get(
    'mutation ($input: TriggerRunsInput!) { triggerRuns(input: $input) { batchId items { id } } }',
    {
      variables: { input: { job: job.id, items } },
    },
  );
  await t.get('mutation { waitForChildren(input: {}) { status } }', { as: actor });

  const top = (name: string, field: string, length: number): List => ({
    name: `${field} ${name}`,
    document: (page) => `{ list: ${field}(${name ? `${name}, ` : ''}${page}) { edges { cursor node { id } } ${PAGE_INFO} } }`,
    pageOf: ({ list }) => list,
    length,
  });
  const under = (root: string, field: string, length: number): List => ({
    name: `${root.split('(')[0]}.${field}`,
    document: (page) =>
      `{ parent: ${root} { list: ${field.replace(/\)?$/, (end) => (end ? `, ${page})` : `(${page})`))} { edges { cursor node { id } } ${PAGE_INFO} } } }`,
    pageOf: ({ parent: { list } }) => list,
    length,
  });
  const run = `run(id: "${parent}")`;
  return [
    top('', 'projects', 2 + RUNS),
    top('', 'apiKeys', 1 + RUNS),
    top('', 'jobs', 1 + RUNS),
    top('filter: { tags: { paged: "yes" } }', 'jobs', RUNS),
    top('', 'runs', 1 + 2 * RUNS),
    top('order: OLDEST_FIRST', 'runs', 1 + 2 * RUNS),
    top(`filter: { batchId: "${batch.batchId}" }`, 'runs', RUNS),
    under(`job(id: "${job.slug}")`, 'runs', 1 + 2 * RUNS),
    under(`job(id: "${job.slug}")`, 'runs(filter: { triggeredBy: "spawn" })', RUNS),
    under(run, 'children', RUNS),
    under(run, 'outputs', RUNS),
    under(run, 'waits', RUNS),
    // Triggered, claimed, dispatched, a line and an output each, and put to sleep.
    under(run, 'events', 4 + 2 * RUNS),
    under(run, 'events(type: [LOG])', RUNS),
    under(run, 'events(type: [LOG, OUTPUT], level: [WARN])', Math.floor(RUNS / 2)),
  ];
}

async function ask(list: List, page: string): Promise<Page> {
  return list.pageOf(await t.get(list.document(page)));
}

/** Follows a list to its end, forwards or backwards, and checks what every page says about itself. */
async function walk(list: List, size: number, direction: 'forwards' | 'backwards'): Promise<unknown[]> {
  const [count, beyond] = direction === 'forwards' ? ['first', 'after'] : ['last', 'before'];
  const nodes: unknown[] = [];
  for (let cursor: string | null = null; ; ) {
    const { edges, pageInfo } = await ask(list, `${count}: ${size}${cursor === null ? '' : `, ${beyond}: "${cursor}"`}`);
    expect(edges.length).toBeLessThanOrEqual(size);
    expect(pageInfo.startCursor).toBe(edges[0]?.cursor ?? null);
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
    const page = edges.map(({ node }) => node);
    const [ahead, behind] =
      direction === 'forwards'
        ? [pageInfo.hasNextPage, pageInfo.hasPreviousPage]
        : [pageInfo.hasPreviousPage, pageInfo.hasNextPage];
    expect(behind).toBe(cursor !== null);
    if (direction === 'forwards') nodes.push(...page);
    else nodes.unshift(...page);
    expect(ahead).toBe(nodes.length < list.length);
    if (!ahead) return nodes;
    cursor = direction === 'forwards' ? pageInfo.endCursor : pageInfo.startCursor;
  }
}

describe('connections', () => {
  it('are the whole list, page by page, in either direction and for any size of page', async () => {
    for (const list of await fill()) {
      const whole = (await ask(list, 'first: 100')).edges.map(({ node }) => node);
      expect(new Set(whole.map((node) => JSON.stringify(node))).size, list.name).toBe(list.length);
      for (const size of [1, 2, 3, list.length, 100]) {
        expect(await walk(list, size, 'forwards'), `${list.name}, ${size} at a time`).toEqual(whole);
        expect(await walk(list, size, 'backwards'), `${list.name}, ${size} at a time from the end`).toEqual(whole);
      }
    }
  }, 60_000);

  it('count in the other order when asked to', async () => {
    const ids = async (order: string) =>
      (await t.get(`{ runs(order: ${order}, first: 100) { edges { node { id } } } }`)).runs.edges;

    expect(await ids('OLDEST_FIRST')).toEqual((await ids('NEWEST_FIRST')).toReversed());
  });

  it('number events by their seq, which is also their cursor', async () => {
    const { runs } = await t.get(
      '{ runs(order: OLDEST_FIRST, first: 1) { edges { node { events(first: 3, after: "2") { edges { cursor node { seq } } } } } } }',
    );

    expect(runs.edges[0].node.events.edges).toEqual([3, 4, 5].map((seq) => ({ cursor: String(seq), node: { seq } })));
  });

  it.each([
    ['first: 0', 'a page has 1 to 100 rows'],
    ['first: -1', 'a page has 1 to 100 rows'],
    ['first: 101', 'a page has 1 to 100 rows'],
    ['last: 0', 'a page has 1 to 100 rows'],
    ['first: 1, last: 1', 'give '],
    ['first: 1, before: "00000000-0000-7000-8000-000000000000"', 'goes with|give first and after'],
    ['last: 1, after: "00000000-0000-7000-8000-000000000000"', 'goes with|give first and after'],
    ['before: "00000000-0000-7000-8000-000000000000"', 'goes with|give first and after'],
    ['after: ""', 'cursor must be'],
    ['after: "nonsense"', 'cursor must be'],
    ['after: "\\u0000"', 'cursor must be'],
    ['after: "00000000-0000-7000-8000-00000000000"', 'cursor must be'],
  ])('refuse the page %s', async (page, message) => {
    for (const list of ['jobs', 'runs', 'apiKeys']) {
      const { errors } = await t.ask(`{ ${list}(${page}) { edges { cursor } } }`);
      expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code: 'BAD_REQUEST' } }]);
    }
  });

  it('answer an empty page for a cursor beyond the end', async () => {
    expect(
      await t.get(
        '{ jobs(after: "00000000-0000-7000-8000-000000000000") { edges { cursor } pageInfo { hasNextPage endCursor } } }',
      ),
    ).toEqual({
      jobs: { edges: [], pageInfo: { hasNextPage: false, endCursor: null } },
    });
  });
});

describe('filters of runs', () => {
  it('each hold, alone and together', async () => {
    const job = await t.createJob({ maxConcurrencyPerKey: 5 });
    const since = new Date().toISOString();
    const plain = await t.trigger({ job: job.id, payload: { a: { b: [1, 2] } }, tags: { k: 'v' }, metadata: { m: '1' } });
    const keyed = await t.trigger({ job: job.id, payload: { a: 2 }, concurrencyKey: 'c', idempotencyKey: 'i' });
    const idsFor = async (filter: object) => {
      const { runs } = await t.get(
        'query ($filter: RunFilter) { runs(filter: $filter, order: OLDEST_FIRST) { edges { node { id } } } }',
        {
          variables: { filter: { job: job.slug, ...filter } },
        },
      );
      return runs.edges.map(({ node }: { node: { id: string } }) => node.id);
    };

    expect(await idsFor({})).toEqual([plain, keyed]);
    expect(await idsFor({ job: job.id })).toEqual([plain, keyed]);
    expect(await idsFor({ status: ['QUEUED', 'PAUSED'], triggeredBy: 'manual' })).toEqual([plain, keyed]);
    expect(await idsFor({ status: ['PAUSED'] })).toEqual([]);
    expect(await idsFor({ triggeredBy: 'cron' })).toEqual([]);
    expect(await idsFor({ concurrencyKey: 'c' })).toEqual([keyed]);
    expect(await idsFor({ idempotencyKey: 'i', concurrencyKey: null })).toEqual([keyed]);
    expect(await idsFor({ payloadContains: { a: { b: [2] } } })).toEqual([plain]);
    expect(await idsFor({ payloadContains: { a: 2 } })).toEqual([keyed]);
    expect(await idsFor({ tags: { k: 'v' }, metadata: { m: '1' } })).toEqual([plain]);
    expect(await idsFor({ tags: { k: 'v' }, concurrencyKey: 'c' })).toEqual([]);
    expect(await idsFor({ createdAfter: since })).toEqual([plain, keyed]);
    expect(await idsFor({ createdBefore: since })).toEqual([]);
    expect(await idsFor({ batchId: 'no id', parentRunId: plain })).toEqual([]);
    expect(await idsFor({ job: 'no-such-job' })).toEqual([]);
  });
});
