import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
let busy: JobRow;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  busy = await t.createJob({ slug: 'busy', maxConcurrency: 3 });
  for (let n = 0; n < 49; n++) await t.createJob({ slug: `idle-${n}` });
  const actors = [];
  for (let n = 0; n < 3; n++) actors.push(await t.start({ job: busy.id }));
  const [first, second, third] = actors;
  await t.runs.transitions.one({ runId: first?.runId ?? '', event: 'complete', message: 'x', result: 1 });
  await t.runs.transitions.one({ runId: second?.runId ?? '', event: 'fail', message: 'x' });
  await t.runs.transitions.one({ runId: third?.runId ?? '', event: 'cancel', message: 'x' });
});
afterAll(() => t.close());

const LIST = `{ jobs(first: 50) { edges { node { slug health { total } sparkline { at completed failed }
  usage { executing queued blocked maxConcurrency keysFull isCapped } } } } }`;

describe('a list of jobs with all their figures', () => {
  it('costs the same few statements however long it is', async () => {
    const one = await t.statementsOf(LIST.replace('first: 50', 'first: 1'));
    const statements = await t.statementsOf(LIST);

    // The page, and one each for health, sparklines and usage of all its jobs; health and sparklines of the first job are remembered.
    expect(one).toHaveLength(4);
    expect(statements).toHaveLength(4);
  });

  it('tells the jobs apart', async () => {
    const { jobs } = await t.get(LIST);
    const lines = jobs.edges.map(({ node }: { node: { sparkline: { completed: number; failed: number }[] } }) => node.sparkline);
    const sums = lines.map((line: { completed: number; failed: number }[]) =>
      line.reduce((sum, at) => sum + at.completed + at.failed, 0),
    );

    expect(jobs.edges).toHaveLength(50);
    expect(sums.filter((sum: number) => sum > 0)).toEqual([2]);
    expect(jobs.edges.find(({ node }: { node: { slug: string } }) => node.slug === 'busy').node.health.total).toBe(3);
  });
});

describe('Job.sparkline', () => {
  it('has stretches of equal length that end with the one of now', async () => {
    const { job } = await t.get('{ job(id: "busy") { sparkline(window: HOUR, buckets: 4) { at completed failed } } }');
    const starts = job.sparkline.map(({ at }: { at: string }) => new Date(at).getTime());

    expect(starts.map((at: number) => at % 900_000)).toEqual([0, 0, 0, 0]);
    expect(starts.map((at: number) => (at - starts[0]) / 900_000)).toEqual([0, 1, 2, 3]);
    expect(starts[3]).toBeLessThanOrEqual(Date.now());
    expect(
      job.sparkline.map(({ completed, failed }: { completed: number; failed: number }) => [completed, failed]).at(-1),
    ).toEqual([1, 1]);
  });

  it.each([0, 101])('refuses %i stretches', async (buckets) => {
    const { errors } = await t.ask(`{ job(id: "busy") { sparkline(buckets: ${buckets}) { at } } }`);

    expect(errors?.[0]).toMatchObject({ message: 'buckets must be 1 to 100', extensions: { code: 'BAD_REQUEST' } });
  });

  it('estimates a stretch in which too many ended to look at', async () => {
    const crowded = await t.createJob({ slug: 'crowded' });
    // A hundredth of a week has 6,048 seconds: one run every three of them fills four such stretches with 2,016 each, of which the newest
    // 1,000 are looked at.
    await t.pools.reads.query(
      `insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, created_at, finished_at)
       select uuidv7(), 'default', $1, case when n % 4 = 0 then 'failed' else 'completed' end, 300, 1, 'x', 'manual', 'test', f.at, f.at
         from generate_series(0, 4 * 2016 - 1) as n,
              lateral (select to_timestamp((floor(extract(epoch from now()) / 6048) - 4) * 6048 + n * 3) as at) f`,
      [crowded.id],
    );
    const { job } = await t.get('{ job(id: "crowded") { sparkline(window: WEEK, buckets: 100) { completed failed } } }');
    const sum = (field: string) =>
      job.sparkline.reduce((total: number, point: Record<string, number>) => total + (point[field] ?? 0), 0);

    expect(sum('completed') / (4 * 2_016 * 0.75)).toBeCloseTo(1, 1);
    expect(sum('completed') / sum('failed')).toBeCloseTo(3, 0);
  });
});

describe('Job.usage', () => {
  it('says what a job takes up, and what holds it back', async () => {
    const job = await t.createJob({ slug: 'keyed', maxConcurrency: 10, maxConcurrencyPerKey: 1 });
    for (const concurrencyKey of ['a', 'a', 'b', 'b', 'c']) await t.trigger({ job: job.id, concurrencyKey });
    for (let n = 0; n < 3; n++) await t.claim();
    await t.trigger({ job: job.id });
    const { job: found } = await t.get(
      '{ job(id: "keyed") { usage { executing queued blocked maxConcurrency keysFull isCapped } } }',
    );

    expect(found.usage).toEqual({ executing: 3, queued: 3, blocked: 2, maxConcurrency: 10, keysFull: 2, isCapped: false });
  });
});
