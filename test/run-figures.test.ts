import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { estimate } from '../src/domain/runs/density.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

const MINUTE_MS = 60_000;
const RUNS = 100_001;
const START = new Date('2026-03-01T00:00:00Z');
const big = keyOf('big', '*');
let t: GraphQLWorld;

/** In a project of its own: more runs than are counted, ten a second, and every tenth of them failed. */
beforeAll(async () => {
  t = await makeGraphQLWorld();
  const jobId = newId();
  await t.pools.reads.query("insert into projects (id, name) values ('big', 'x')");
  await t.pools.reads.query(
    `insert into jobs (id, project_id, slug, name, endpoint_url, signing_secret, version_id, created_by)
     values ($1, 'big', 'much', 'x', 'http://127.0.0.1:9/', 'x', 'ver_big', 'test')`,
    [jobId],
  );
  await t.pools.reads.query(
    `insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, created_at,
                       finished_at, error)
     select uuidv7(), 'big', $1, case when n % 10 = 0 then 'failed' else 'completed' end, 300, 1, 'ver_big',
            case when n % 100 = 0 then 'cron' else 'manual' end, 'test', $2::timestamptz + n * interval '100 milliseconds',
            $2::timestamptz + n * interval '100 milliseconds' + interval '1 second',
            case when n % 10 = 0 then 'order ' || n || ' is 100% lost' end
       from generate_series(0, ${RUNS - 1}) as n`,
    [jobId, START],
  );
  await t.pools.reads.query('vacuum analyze runs');
}, 60_000);
afterAll(() => t.close());

const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE_MS).toISOString();

async function counts(filter: object, as = big) {
  const { runCounts } = await t.get(
    'query ($filter: RunFilter) { runCounts(filter: $filter) { counts { status count } total isCapped } }',
    {
      variables: { filter },
      as,
    },
  );
  const some = runCounts.counts.filter(({ count }: { count: number }) => count > 0);
  return {
    ...runCounts,
    counts: Object.fromEntries(some.map((row: { status: string; count: number }) => [row.status, row.count])),
  };
}

async function histogram(args: { filter?: object; from: string; to: string; buckets: number }) {
  const { runHistogram } = await t.get(
    `query ($filter: RunFilter, $from: DateTime!, $to: DateTime!, $buckets: Int) {
      runHistogram(filter: $filter, from: $from, to: $to, buckets: $buckets) { from to bucketSecs isSampled buckets { at counts { status count } } } }`,
    { variables: args, as: big },
  );
  return runHistogram;
}

describe('runCounts', () => {
  it('has every status that the filter allows, empty ones too', async () => {
    const { runCounts } = await t.get(
      '{ runCounts(filter: { status: [FAILED, QUEUED] }) { counts { status count } total isCapped } }',
      {
        as: big,
      },
    );

    expect(runCounts).toEqual({
      counts: [
        { status: 'QUEUED', count: 0 },
        { status: 'FAILED', count: 10_001 },
      ],
      total: 10_001,
      isCapped: false,
    });
  });

  it.each<[string, object, object]>([
    ['by time', { createdBefore: at(1) }, { counts: { COMPLETED: 540, FAILED: 60 }, total: 600, isCapped: false }],
    ['by the words of an error', { errorContains: 'ORDER 5010 IS' }, { counts: { FAILED: 1 }, total: 1, isCapped: false }],
    ['by words with signs', { errorContains: 'order 5010 is 100% l' }, { counts: { FAILED: 1 }, total: 1, isCapped: false }],
    ['by words that are nowhere', { errorContains: '5_1%lost' }, { counts: {}, total: 0, isCapped: false }],
    ['by the end', { finishedBefore: at(1) }, { counts: { COMPLETED: 531, FAILED: 59 }, total: 590, isCapped: false }],
    [
      'by what no index knows',
      { triggeredBy: 'cron', createdBefore: at(10) },
      { counts: { FAILED: 60 }, total: 60, isCapped: false },
    ],
  ])('counts %s', async (_, filter, expected) => {
    expect(await counts(filter)).toEqual(expected);
  });

  it('stops at 100,000 and says so', async () => {
    expect(await counts({ triggeredBy: 'manual' })).toMatchObject({ total: 99_000, isCapped: true });
    expect(await counts({})).toMatchObject({ total: RUNS, isCapped: false });
  });

  it('knows no other project', async () => {
    const answer = await t.ask('{ runCounts(projectId: "big") { total } }');

    expect(answer.errors?.[0]).toMatchObject({ message: 'project not found', extensions: { code: 'NOT_FOUND' } });
    expect(await counts({ triggeredBy: 'manual' }, keyOf('other', '*'))).toEqual({ counts: {}, total: 0, isCapped: false });
  });
});

describe('runHistogram', () => {
  it('counts every run once, where it belongs', async () => {
    const { bucketSecs, isSampled, buckets } = await histogram({ from: at(0), to: at(4), buckets: 4 });

    expect({ bucketSecs, isSampled }).toEqual({ bucketSecs: 60, isSampled: false });
    expect(buckets).toEqual(
      [0, 1, 2, 3].map((minute) => ({
        at: at(minute),
        counts: [
          { status: 'COMPLETED', count: 540 },
          { status: 'FAILED', count: 60 },
        ],
      })),
    );
  });

  it('is exact for what only few runs have', async () => {
    const { isSampled, buckets } = await histogram({
      filter: { errorContains: 'order 12340 ' },
      from: at(0),
      to: at(60),
      buckets: 3,
    });

    expect(isSampled).toBe(false);
    expect(buckets.map(({ counts: found }: { counts: object[] }) => found)).toEqual([[], [{ status: 'FAILED', count: 1 }], []]);
  });

  it('takes the newest runs of a stretch for all of it when there are too many, and says so', async () => {
    const { isSampled, buckets } = await histogram({
      filter: { triggeredBy: 'cron' },
      from: at(0),
      to: at(200 * 60),
      buckets: 200,
    });

    const [first] = buckets;
    expect(isSampled).toBe(true);
    // 36,000 runs an hour, of which 500 are looked at.
    expect(first.counts[0].count).toBeGreaterThan(300);
    expect(first.counts[0].count).toBeLessThan(420);
  });

  it.each([
    [{ from: at(1), to: at(1), buckets: 1 }, '`to` must be later than `from`'],
    [{ from: at(0), to: at(1), buckets: 201 }, 'buckets must be 1 to 200'],
    [{ from: at(0), to: at(1), buckets: 0 }, 'buckets must be 1 to 200'],
  ])('refuses %j', async (variables, message) => {
    const document =
      'query ($from: DateTime!, $to: DateTime!, $buckets: Int) { runHistogram(from: $from, to: $to, buckets: $buckets) { from } }';
    const { errors } = await t.ask(document, { variables, as: big });

    expect(errors?.[0]).toMatchObject({ message, extensions: { code: 'BAD_REQUEST' } });
  });
});

describe('an estimate', () => {
  it('goes on at the density of the part that was looked at', () => {
    expect(estimate(50, { from: 0, oldest: 900, newest: 1_000, isPart: true })).toBe(500);
    expect(estimate(50, { from: 0, oldest: 900, newest: 1_000, isPart: false })).toBe(50);
    expect(estimate(50, { from: 0, oldest: 900, newest: 900, isPart: true })).toBe(50);
  });
});
