import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setModelPrice } from '../src/domain/pricing/set-model-price.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const SET = `mutation ($input: SetModelPriceInput!) { setModelPrice(input: $input) { id promptMicrousd completionMicrousd } }`;
const price = (input: object, as = t.admin) =>
  t.get(SET, {
    variables: { input: { provider: 'acme', promptMicrousd: 3_000_000, completionMicrousd: 15_000_000, ...input } },
    as,
  });

const REPORT = `mutation ($input: ReportUsageInput!) { reportUsage(input: $input) { costMicrousd } }`;

/** Reports a call by a new run; answers what it cost, as the report, the run and the event say. */
async function costOf(usage: object): Promise<number[]> {
  const job = await t.createJob();
  const as = await t.start({ job: job.id });
  const { reportUsage } = await t.get(REPORT, { variables: { input: { provider: 'acme', ...usage } }, as });
  const { run } = await t.get(
    `{ run(id: "${as.runId}") { cost { microusd } events(type: [USAGE]) { edges { node { data } } } } }`,
  );
  return [reportUsage.costMicrousd, run.cost.microusd, run.events.edges[0].node.data.cost_microusd];
}

describe('the price of a model', () => {
  it('is what a report without a cost counts, rounded to a millionth of a dollar', async () => {
    await price({ model: 'priced' });

    expect(await costOf({ model: 'priced', promptTokens: 1_000, completionTokens: 200 })).toEqual([6_000, 6_000, 6_000]);
    await price({ model: 'cheap', promptMicrousd: 1, completionMicrousd: 0 });
    expect(await costOf({ model: 'cheap', promptTokens: 500_000 })).toEqual([1, 1, 1]);
    expect(await costOf({ model: 'cheap', promptTokens: 499_999 })).toEqual([0, 0, 0]);
  });

  it('does not take the place of a cost that is reported, 0 included', async () => {
    await price({ model: 'reported' });

    expect(await costOf({ model: 'reported', promptTokens: 1_000, costMicrousd: 7 })).toEqual([7, 7, 7]);
    expect(await costOf({ model: 'reported', promptTokens: 1_000, costMicrousd: 0 })).toEqual([0, 0, 0]);
  });

  it('holds from its setting on, for its model and its project alone', async () => {
    await price({ model: 'moving' });
    expect((await costOf({ model: 'moving', promptTokens: 1_000 }))[0]).toBe(3_000);
    const { setModelPrice: changed } = await price({ model: 'moving', promptMicrousd: 1_000_000 });
    expect((await costOf({ model: 'moving', promptTokens: 1_000 }))[0]).toBe(1_000);
    await price({ model: 'foreign' }, keyOf('other', '*'));
    expect((await costOf({ model: 'foreign', promptTokens: 1_000 }))[0]).toBe(0);
    expect((await costOf({ model: 'unknown', promptTokens: 1_000 }))[0]).toBe(0);

    await t.get(`mutation { deleteModelPrice(id: "${changed.id}") { id } }`);
    expect((await costOf({ model: 'moving', promptTokens: 1_000 }))[0]).toBe(0);
  });

  it('never makes a call dearer than what a report may say', async () => {
    await price({ model: 'dear', promptMicrousd: 1_000_000_000_000 });

    expect((await costOf({ model: 'dear', promptTokens: 1_000_000_000 }))[0]).toBe(1_000_000_000_000);
  });

  it('is one of 500 at most', async () => {
    const actor = keyOf('other', '*');
    await t.pools.reads.query(
      `insert into model_prices (id, project_id, provider, model, prompt_microusd, completion_microusd, created_by)
       select gen_random_uuid(), 'other', 'many', n::text, 1, 1, 'test' from generate_series(1, 500) n`,
    );
    const set = (model: string) =>
      setModelPrice(actor, { provider: 'many', model, promptMicrousd: 2, completionMicrousd: 2 }, t.runs);

    await expect(set('one too many')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await set('7')).toMatchObject({ promptMicrousd: 2n });
  });
});
