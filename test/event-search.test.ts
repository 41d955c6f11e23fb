import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
let executor: RunActor;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  const job = await t.createJob();
  executor = await t.start({ job: job.id });
  for (const message of ['Loaded 100% of it', 'loaded 1000 of it', 'a_b', 'axb', 'c\\d']) {
    await t.get('mutation ($message: String!) { logRun(input: { message: $message }) { seq } }', {
      as: executor,
      variables: { message },
    });
  }
  await t.get('mutation { logRun(input: { message: "elsewhere: loaded" }) { seq } }', { as: await t.start({ job: job.id }) });
});
afterAll(() => t.close());

const EVENTS = `query ($id: ID!, $search: String, $first: Int, $after: String) {
  run(id: $id) { events(search: $search, first: $first, after: $after, type: [LOG]) { edges { node { message } } pageInfo { endCursor hasNextPage } } } }`;

async function find(search: string | null, more: object = {}) {
  const { run } = await t.get(EVENTS, { variables: { id: executor.runId, search, ...more } });
  return run.events;
}

describe('a search in the events of a run', () => {
  it.each([
    ['LOADED', ['Loaded 100% of it', 'loaded 1000 of it']],
    ['100% ', ['Loaded 100% of it']],
    ['a_b', ['a_b']],
    ['c\\d', ['c\\d']],
    ['nowhere', []],
  ])('for %j', async (search, messages) => {
    const { edges } = await find(search);

    expect(edges.map(({ node }: { node: { message: string } }) => node.message)).toEqual(messages);
  });

  it('goes from page to page', async () => {
    const first = await find('loaded', { first: 1 });
    const second = await find('loaded', { first: 1, after: first.pageInfo.endCursor });

    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(second.edges[0].node.message).toBe('loaded 1000 of it');
    expect(second.pageInfo.hasNextPage).toBe(false);
  });

  it('is for everything when left out, and never for nothing', async () => {
    expect((await find(null)).edges).toHaveLength(5);
    const { errors } = await t.ask(EVENTS, { variables: { id: executor.runId, search: '' } });
    expect(errors?.[0]).toMatchObject({ message: 'validation failed', extensions: { code: 'BAD_REQUEST' } });
  });
});
