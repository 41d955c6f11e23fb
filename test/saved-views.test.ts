import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const SAVE =
  'mutation ($input: SaveViewInput!) { saveView(input: $input) { id name screen query createdBy createdAt updatedAt } }';
const other = keyOf('other', '*');

async function views(args = '', as = t.admin) {
  return (await t.get(`{ savedViews${args} { name screen query } }`, { as })).savedViews;
}

describe('saved views', () => {
  it('are kept by screen and name, and saved again in place', async () => {
    const save = (input: object) => t.get(SAVE, { variables: { input } });
    const { saveView: first } = await save({ name: 'Failed today', screen: 'runs', query: '?status=FAILED' });
    await save({ name: 'All', screen: 'jobs', query: '' });
    const { saveView: again } = await save({ name: 'Failed today', screen: 'runs', query: '?status=FAILED&job=mail' });

    expect(again).toMatchObject({ id: first.id, createdAt: first.createdAt, createdBy: `key:${t.admin.keyId}` });
    expect(new Date(again.updatedAt).getTime()).toBeGreaterThan(new Date(first.updatedAt).getTime());
    expect(await views()).toEqual([
      { name: 'All', screen: 'jobs', query: '' },
      { name: 'Failed today', screen: 'runs', query: '?status=FAILED&job=mail' },
    ]);
    expect(await views('(screen: "jobs")')).toHaveLength(1);
  });

  it('belong to their project alone', async () => {
    const { saveView } = await t.get(SAVE, { variables: { input: { name: 'Mine', screen: 'runs', query: 'x' } } });

    expect(await views('', other)).toEqual([]);
    for (const document of [
      '{ savedViews(projectId: "default") { id } }',
      `mutation { deleteSavedView(id: "${saveView.id}") { id } }`,
    ]) {
      expect((await t.ask(document, { as: other })).errors?.[0]?.extensions?.['code']).toBe('NOT_FOUND');
    }
    await t.get(`mutation { deleteSavedView(id: "${saveView.id}") { id } }`);
    expect((await views()).map(({ name }: { name: string }) => name)).not.toContain('Mine');
  });

  it('are at most a hundred, whoever saves at the same moment', async () => {
    const save = (n: number) =>
      t.ask(SAVE, { as: other, variables: { input: { name: `view ${n}`, screen: 'runs', query: '' } } });
    const answers = await Promise.all(Array.from({ length: 103 }, (_, n) => save(n)));

    const refused = answers.flatMap(({ errors }) => errors ?? []);
    expect(refused.map(({ message }) => message)).toEqual(
      Array(3).fill('a project has at most 100 saved views: delete one first'),
    );
    const [kept] = await views('', other);
    const { errors } = await t.ask(SAVE, { as: other, variables: { input: { ...kept, query: 'changed' } } });
    expect(errors).toBeUndefined();
  });

  it.each([
    { name: ' ', screen: 'runs', query: '' },
    { name: 'x', screen: 'Runs?', query: '' },
    { name: 'x', screen: 'runs', query: 'ä'.repeat(1_025) },
  ])('are refused %j', async (input) => {
    expect((await t.ask(SAVE, { variables: { input } })).errors?.[0]?.extensions?.['code']).toBe('BAD_REQUEST');
  });
});
