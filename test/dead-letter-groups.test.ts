import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
let mail: JobRow;
let pay: JobRow;

async function bury(job: JobRow, error: string): Promise<string> {
  const { runId } = await t.start({ job: job.id });
  await t.runs.transitions.one({ runId, event: 'bury', message: error, error });
  return runId;
}

const ORDERS = ["order 17 of 'ada' not found", "order 18 of 'grace  hopper' not found", "order  9000 of '' not found"];
const HOSTS = [
  'connect ECONNREFUSED 10.0.0.7:443 (request 0190a0b0-0000-7000-8000-000000000001, trace 0xDEADBEEF, span 4bf92f3577b34da6)',
  'connect ECONNREFUSED 10.12.0.19:8080 (request 0190a0b0-1234-7abc-9000-0000000000ff, trace 0x1, span 00f067aa0ba902b7)',
];

beforeAll(async () => {
  t = await makeGraphQLWorld();
  mail = await t.createJob({ slug: 'mail' });
  pay = await t.createJob({ slug: 'pay' });
  for (const error of [...ORDERS, ...HOSTS, "can't read Ada's mail"]) await bury(mail, error);
  await bury(pay, ORDERS[0] as string);
});
afterAll(() => t.close());

const GROUPS = `query ($filter: RunFilter) {
  deadLetterGroups(filter: $filter) { id error count isCapped firstAt lastAt job { slug } sample { id error } } }`;

async function groups(filter: object = {}, as = t.admin) {
  return (await t.get(GROUPS, { variables: { filter }, as })).deadLetterGroups;
}

describe('deadLetterGroups', () => {
  it('puts errors together that differ in figures, ids, and what is quoted', async () => {
    const found = await groups();

    expect(found.map(({ job, count, error }: { job: object; count: number; error: string }) => [job, count, error])).toEqual([
      [{ slug: 'mail' }, 3, ORDERS[2]],
      [{ slug: 'mail' }, 2, HOSTS[1]],
      ...found.slice(2).map(({ job, error }: { job: object; error: string }) => [job, 1, error]),
    ]);
    expect(found).toHaveLength(4);
    const [first] = found;
    expect(first).toMatchObject({ isCapped: false, sample: { error: ORDERS[2] } });
    expect(new Date(first.firstAt).getTime()).toBeLessThan(new Date(first.lastAt).getTime());
  });

  it('keeps to a filter, and to the project', async () => {
    expect((await groups({ job: 'pay' })).map(({ error }: { error: string }) => error)).toEqual([ORDERS[0]]);
    expect(await groups({ errorContains: 'refused' })).toMatchObject([{ count: 2 }]);
    expect(await groups({}, keyOf('other', '*'))).toEqual([]);
    expect((await t.ask('{ deadLetterGroups(projectId: "other") { id } }')).errors?.[0]?.message).toBe('project not found');
  });

  it('costs the same number of statements however many groups there are', async () => {
    expect((await t.statementsOf(GROUPS)).length).toBe(4);
    expect((await t.statementsOf(GROUPS, { variables: { filter: { job: 'pay' } } })).length).toBe(4);
  });

  it('names groups for lists, counts and replays, one first and then the rest', async () => {
    const [{ id }] = await groups();
    const filter = { errorGroup: id };
    const list =
      'query ($filter: RunFilter) { runs(filter: $filter) { edges { node { error } } } runCounts(filter: $filter) { total } }';
    const listed = await t.get(list, { variables: { filter } });
    expect(listed.runs.edges.map(({ node }: { node: { error: string } }) => node.error)).toEqual([...ORDERS].reverse());
    expect(listed.runCounts.total).toBe(3);

    const replay =
      'mutation ($input: ReplayDeadLettersInput!) { replayDeadLetters(input: $input) { total replayed runs { status } } }';
    const canary = await t.get(replay, { variables: { input: { filter, limit: 1 } } });
    const rest = await t.get(replay, { variables: { input: { filter } } });

    expect(canary.replayDeadLetters).toEqual({ total: 1, replayed: 1, runs: [{ status: 'QUEUED' }] });
    expect(rest.replayDeadLetters).toMatchObject({ total: 2, replayed: 2 });
    expect((await groups()).map((group: { id: string }) => group.id)).not.toContain(id);
  });

  it('knows no group that cannot be one', async () => {
    const { runs } = await t.get('{ runs(filter: { errorGroup: "no-id" }) { edges { cursor } } }');

    expect(runs.edges).toEqual([]);
  });
});
