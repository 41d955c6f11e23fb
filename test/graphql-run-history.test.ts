import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';
import { GOOD, makeReporter, type Reporter, type ReportName, SAY } from './support/reporter.ts';

let t: GraphQLWorld;
let r: Reporter;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  r = makeReporter(t);
});
afterAll(() => t.close());

describe('a continuation', () => {
  it('is a run of the same job and priority with the same payload, told in the story of the one it continues', async () => {
    const as = await r.start(
      { tags: { team: 'x' } },
      { payload: { page: 1 }, priority: 4, metadata: { not: 'copied' }, tags: { nor: 'this' } },
    );

    const next = await r.say(as, 'continue');

    expect(next).toEqual({
      id: expect.any(String),
      payload: { page: 1 },
      priority: 4,
      continuationOf: as.runId,
      lineageDepth: 1,
      triggeredBy: 'manual',
      attempt: 1,
      metadata: {},
      tags: { team: 'x' },
      parentRunId: null,
    });
    expect(await r.events(as.runId)).toMatchObject([{ type: 'CONTINUATION', data: { run_id: next.id } }]);
    expect(await r.read(as.runId, 'status')).toEqual({ status: 'EXECUTING' });
  });

  it('takes another payload, null among them, and is met again under its key', async () => {
    const as = await r.start({}, { payload: 1 });

    expect(await r.say(as, 'continue', { input: { payload: null, key: null } })).toMatchObject({ payload: null });
    const named = await r.say(as, 'continue', { input: { payload: 2, key: 'next' } });
    expect(named).toMatchObject({ payload: 2 });
    expect(await r.say(as, 'continue', { input: { payload: 3, key: 'next' } })).toEqual(named);
    const twice = await Promise.all([1, 2].map(() => r.say(as, 'continue', { input: { key: 'raced' } })));
    expect(twice[0].id).toBe(twice[1].id);
  });

  it('ends after ten, and the line is read from any of its runs, in order', async () => {
    let as = await r.start();
    const line = [as.runId];
    for (let depth = 1; depth <= 10; depth += 1) {
      const { id, lineageDepth } = await r.say(as, 'continue');
      expect(lineageDepth).toBe(depth);
      line.push(id);
      const next = (await t.claim()).find(({ runId }) => runId === id);
      if (!next) throw new Error('the continuation was not claimed');
      as = next;
    }

    expect(await r.refused(as, 'continue')).toEqual([['BAD_REQUEST', 'max lineage depth (10) exceeded']]);
    for (const id of [line[0], line[5], line[10]]) {
      const { lineage } = (await r.read(id ?? '', 'lineage { id lineageDepth }')) as {
        lineage: { id: string; lineageDepth: number }[];
      };
      expect(lineage).toEqual(line.map((runId, lineageDepth) => ({ id: runId, lineageDepth })));
    }
  });

  it('stands as deep in the tree of spawns as the run it continues', async () => {
    const parent = await r.start();
    const job = await t.createJob();
    const { spawnRun } = await t.get('mutation ($input: SpawnRunInput!) { spawnRun(input: $input) { id } }', {
      as: parent,
      variables: { input: { job: job.slug } },
    });
    const child = (await t.claim()).find(({ runId }) => runId === spawnRun.id);
    if (!child) throw new Error('the child was not claimed');

    const next = await r.say(child, 'continue');

    const { rows } = await t.pools.reads.query('select spawn_depth, lineage_depth, parent_run_id from runs where id = $1', [
      next.id,
    ]);
    expect(rows).toEqual([{ spawn_depth: 1, lineage_depth: 1, parent_run_id: null }]);
  });
});

describe('the cost of a run', () => {
  it('is summed over the run, its children and continuations, by model', async () => {
    const job = await t.createJob();
    const as = await t.start({ job: job.id });
    const usage = (of: RunActor, model: string, costMicrousd: number) =>
      r.say(of, 'usage', { input: { provider: 'acme', model, promptTokens: 10, completionTokens: 5, costMicrousd } });
    const { spawnRun } = await t.get('mutation ($input: SpawnRunInput!) { spawnRun(input: $input) { id } }', {
      as,
      variables: { input: { job: job.slug } },
    });
    const continued = await r.say(as, 'continue');
    const claimed = await t.claim();
    const actorOf = (id: string): RunActor => claimed.find(({ runId }) => runId === id) as RunActor;
    const grandchild = await r.say(actorOf(spawnRun.id), 'continue');
    const more = await t.claim();
    await usage(as, 'small', 1);
    await usage(as, 'small', 2);
    await usage(actorOf(spawnRun.id), 'large', 900_000_000_000);
    await usage(actorOf(continued.id), 'large', 900_000_000_000);
    await usage(more.find(({ runId }) => runId === grandchild.id) as RunActor, 'small', 4);

    const COST =
      'cost { microusd tokens runs isPartial byModel { provider model calls promptTokens completionTokens tokens microusd } }';
    expect(await r.read(as.runId, COST)).toEqual({
      cost: {
        microusd: 1_800_000_000_007,
        tokens: 75,
        runs: 4,
        isPartial: false,
        byModel: [
          {
            provider: 'acme',
            model: 'large',
            calls: 2,
            promptTokens: 20,
            completionTokens: 10,
            tokens: 30,
            microusd: 1_800_000_000_000,
          },
          { provider: 'acme', model: 'small', calls: 3, promptTokens: 30, completionTokens: 15, tokens: 45, microusd: 7 },
        ],
      },
    });
    expect(await r.read(grandchild.id, COST)).toMatchObject({ cost: { microusd: 4, runs: 1 } });
    expect(await r.read((await r.start()).runId, COST)).toEqual({
      cost: { microusd: 0, tokens: 0, runs: 1, isPartial: false, byModel: [] },
    });
  });
});

describe('reading back', () => {
  it('takes one statement for the run and one for each list', async () => {
    const as = await r.start();
    const count = async (fields: string) => (await t.statementsOf(`{ run(id: "${as.runId}") { ${fields} } }`)).length;

    expect(await count('checkpoints { edges { node { sequence } } }')).toBe(2);
    expect(await count('usage { edges { node { model } } }')).toBe(2);
    expect(await count('toolCalls { edges { node { toolName } } }')).toBe(2);
    expect(await count('state { edges { node { key } } }')).toBe(2);
    expect(await count('cost { microusd byModel { model } }')).toBe(2);
    expect(await count('lineage { id status }')).toBe(3);
  });

  it('takes one statement to report', async () => {
    const as = await r.start();
    const count = async (document: string, variables: object) => (await t.statementsOf(document, { as, variables })).length;

    expect(await count(SAY.checkpoint, GOOD.checkpoint)).toBe(1);
    expect(await count(SAY.usage, GOOD.usage)).toBe(1);
    expect(await count(SAY.toolCall, GOOD.toolCall)).toBe(1);
    expect(await count(SAY.setState, GOOD.setState)).toBe(1);
  });

  it('needs runs:read and the own project', async () => {
    const as = await r.start();
    await r.say(as, 'checkpoint');
    const document = 'query ($id: ID!) { run(id: $id) { checkpoints { edges { node { state } } } cost { microusd } } }';

    const foreign = await t.ask(document, { as: keyOf('other', '*'), variables: { id: as.runId } });
    expect(foreign.errors).toMatchObject([{ message: 'run not found' }]);
    const canceler = await t.ask('mutation ($id: ID!) { cancelRun(id: $id) { checkpoints { edges { node { state } } } } }', {
      as: keyOf('default', 'runs:write'),
      variables: { id: as.runId },
    });
    expect(canceler.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it.each(['checkpoints', 'usage', 'toolCalls', 'state'])('pages %s in both directions', async (field) => {
    const as = await r.start();
    const report = { checkpoints: 'checkpoint', usage: 'usage', toolCalls: 'toolCall', state: 'setState' }[field] as ReportName;
    for (let n = 0; n < 5; n += 1) {
      await r.say(as, report, report === 'setState' ? { input: { key: `k${n}`, value: n } } : GOOD[report]);
    }
    const list = async (args: string) => {
      const run = await r.read(
        as.runId,
        `list: ${field}${args} { edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } }`,
      );
      return (
        run as {
          list: { edges: { cursor: string }[]; pageInfo: { endCursor: string; startCursor: string; hasNextPage: boolean } };
        }
      ).list;
    };
    const all = (await list('')).edges;

    const first = await list('(first: 2)');
    const second = await list(`(first: 2, after: "${first.pageInfo.endCursor}")`);
    const third = await list(`(first: 2, after: "${second.pageInfo.endCursor}")`);
    const back = await list(`(last: 2, before: "${third.pageInfo.startCursor}")`);

    expect([...first.edges, ...second.edges, ...third.edges]).toEqual(all);
    expect([first, second, third].map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, false]);
    expect(back.edges).toEqual(second.edges);
    const { errors } = await t.ask(`{ run(id: "${as.runId}") { ${field}(after: "No Cursor") { edges { cursor } } } }`);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });
});
