import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { triggerRuns } from '../src/domain/batches/trigger-batch.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  const old = await t.createJob({ slug: 'old' });
  await t.trigger({ job: old.id, payload: { forgotten: true } });
  const job = (await t.createJob({ slug: 'resize', tags: { team: 'Media' } })).id;
  const other = (await t.createJob({ slug: 'report' })).id;
  const items = Array.from({ length: 990 }, () => ({ payload: [] }));
  await triggerRuns(t.admin, { job, items }, t.runs);
  for (const id of [42, 42, '42', 7]) {
    await t.trigger({
      job: other,
      payload: { customer: { id, address: { city: { zip: '1010', street: { too: 'deep' } } } }, list: [{ no: 1 }], 'dot.ted': 1 },
      tags: { team: 'media-100%' },
      metadata: { region: 'eu' },
      concurrencyKey: `key-${id}`,
    });
  }
  await t.trigger({ job: other, payload: 'text' });
  await t.trigger({ job: other, payload: { big: 'x'.repeat(300) } });
  for (let n = 0; n < 5; n++) await t.trigger({ job: other });
});
afterAll(() => t.close());

async function suggest(args: string, as = t.admin): Promise<[string, number][]> {
  const { runSuggestions } = await t.get(`{ runSuggestions(${args}) { value count } }`, { as });
  return runSuggestions.map(({ value, count }: { value: string; count: number }) => [value, count]);
}

describe('runSuggestions', () => {
  it.each<[string, [string, number][]]>([
    ['field: STATUS', [['QUEUED', 1_000]]],
    // The run of the job `old` is the 1,001st.
    [
      'field: JOB',
      [
        ['resize', 989],
        ['report', 11],
      ],
    ],
    ['field: JOB, prefix: "REP"', [['report', 11]]],
    ['field: TRIGGERED_BY', [['manual', 1_000]]],
    ['field: CONCURRENCY_KEY, limit: 1', [['key-42', 3]]],
    ['field: TAG', [['team', 993]]],
    [
      'field: TAG, key: "team"',
      [
        ['Media', 989],
        ['media-100%', 4],
      ],
    ],
    ['field: TAG, key: "team", prefix: "MEDIA-1"', [['media-100%', 4]]],
    ['field: TAG, key: "team", prefix: "%"', []],
    ['field: METADATA', [['region', 4]]],
    ['field: METADATA, key: "region"', [['eu', 4]]],
    [
      'field: PAYLOAD',
      [
        ['customer.address.city.zip', 4],
        ['customer.id', 4],
        ['big', 1],
      ],
    ],
    ['field: PAYLOAD, prefix: "Customer.I"', [['customer.id', 4]]],
    [
      'field: PAYLOAD, key: "customer.id"',
      [
        ['42', 2],
        ['42', 1],
        ['7', 1],
      ],
    ],
    ['field: PAYLOAD, key: "customer"', []],
    ['field: PAYLOAD, key: "big"', []],
    ['field: PAYLOAD, key: "nothing.there"', []],
  ])('%s', async (args, expected) => {
    expect(await suggest(args)).toEqual(expected);
  });

  it('tells a number from its text', async () => {
    const { runSuggestions } = await t.get('{ runSuggestions(field: PAYLOAD, key: "customer.id", prefix: "4") { json count } }');

    expect(runSuggestions).toEqual([
      { json: 42, count: 2 },
      { json: '42', count: 1 },
    ]);
  });

  it('knows no other project', async () => {
    expect(await suggest('field: STATUS', keyOf('other', '*'))).toEqual([]);
    expect((await t.ask('{ runSuggestions(projectId: "other", field: STATUS) { value } }')).errors?.[0]?.message).toBe(
      'project not found',
    );
  });

  it.each([
    ['field: STATUS, key: "x"', 'status has no keys: leave key out'],
    ['field: STATUS, limit: 101', 'validation failed'],
  ])('refuses %s', async (args, message) => {
    const { errors } = await t.ask(`{ runSuggestions(${args}) { value } }`);

    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(message), extensions: { code: 'BAD_REQUEST' } });
  });
});
