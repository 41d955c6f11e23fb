import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { makeSampler } from '../src/domain/system/samples.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  const job = await t.createJob();
  const ended = await t.start({ job: job.id });
  await t.runs.transitions.one({ runId: ended.runId, event: 'complete', message: 'x', result: 1 });
  await t.start({ job: job.id });
  await t.trigger({ job: job.id });
  await t.pools.reads.query(
    "insert into instances (id, role, beat_at) values ($1, 'all', now()), ($2, 'worker', now() - interval '1 hour')",
    [newId(), newId()],
  );
});
afterAll(() => t.close());

const STATS = `{ systemStats { at version queueDepth executing oldestDueAt instance {
  queueDepth executing startedPerMinute endedPerMinute startP50Ms startP95Ms databaseBytes tables { name bytes rows }
  loops { name ageSecs intervalSecs isHealthy } processes { role isAlive } } } }`;

describe('systemStats', () => {
  it('tells the administrator of the installation everything', async () => {
    const { systemStats } = await t.get(STATS);

    expect(systemStats).toMatchObject({
      version: '0.0.0',
      queueDepth: 1,
      executing: 1,
      oldestDueAt: expect.any(String),
      instance: {
        queueDepth: 1,
        executing: 1,
        startedPerMinute: 2,
        endedPerMinute: 1,
        startP50Ms: expect.any(Number),
        startP95Ms: expect.any(Number),
        loops: [{ name: 'reaper', ageSecs: 1, intervalSecs: 5, isHealthy: true }],
        processes: [
          { role: 'ALL', isAlive: true },
          { role: 'WORKER', isAlive: false },
        ],
      },
    });
    const { tables, databaseBytes } = systemStats.instance;
    expect(tables.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['runs', 'run_events', 'system_samples']),
    );
    expect(databaseBytes).toBeGreaterThan(tables[0].bytes);
  });

  it('tells a key of a project its own queue alone', async () => {
    const { systemStats } = await t.get(STATS, { as: keyOf('other', '*') });

    expect(systemStats).toMatchObject({ queueDepth: 0, executing: 0, oldestDueAt: null, instance: null });
  });
});

const SAMPLES = `query ($from: DateTime!, $to: DateTime!) { systemSamples(from: $from, to: $to) {
  at queueDepth executing startedPerMinute endedPerMinute startP50Ms startP95Ms databaseBytes } }`;

async function samples(from: string, to: string) {
  return (await t.get(SAMPLES, { variables: { from, to } })).systemSamples;
}

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

describe('systemSamples', () => {
  it('are written once a minute, of the minute before, and kept for two weeks', async () => {
    // As if everything had happened a minute ago, and a sample were old.
    await t.pools.reads.query(
      `update runs set created_at = created_at - interval '1 minute', queued_at = queued_at - interval '1 minute',
              started_at = date_trunc('minute', now()) - interval '30 seconds', finished_at = finished_at - interval '1 minute'
        where started_at is not null`,
    );
    await t.pools.reads.query(
      "insert into system_samples values (now() - interval '15 days', 0, 0, 0, 0, null, null, 0), (now() - interval '13 days', 7, 0, 0, 0, null, null, 0)",
    );
    let now = 600_000;
    const sampler = makeSampler({ engine: t.pools.engine, now: () => now });
    await sampler.pass();
    expect(await samples(ago(10), ago(0))).toEqual([]);
    now += 60_000;
    await sampler.pass();
    await sampler.pass();

    const found = await samples(ago(10), ago(0));
    expect(found).toHaveLength(1);
    // Two, unless the minute has just turned.
    const started = await t.pools.reads.query(
      "select count(*)::int as count from runs where started_at >= $1 and started_at < $1::timestamptz + interval '1 minute'",
      [found[0].at],
    );
    expect(found[0]).toMatchObject({
      queueDepth: 1,
      executing: 1,
      startedPerMinute: started.rows[0].count,
      databaseBytes: expect.any(Number),
    });
    expect(new Date(found[0].at).getTime() % 60_000).toBe(0);
    expect(new Date(found[0].at).getTime()).toBeLessThan(Date.now() - 59_000);
    const { rows } = await t.pools.reads.query('select queue_depth from system_samples order by at');
    expect(rows).toEqual([{ queue_depth: 7 }, { queue_depth: 1 }]);
  });

  it('come in steps of several minutes for a long time', async () => {
    await t.pools.reads.query(
      `insert into system_samples select date_trunc('minute', now()) - n * interval '1 minute', n, 1, 2, 4, null, null, 1
         from generate_series(20, 9000) as n on conflict do nothing`,
    );
    const week = await samples(ago(7 * 1_440), ago(0));

    expect(week.length).toBeLessThanOrEqual(1_501);
    expect(week.length).toBeGreaterThan(1_000);
    expect(week.at(100)).toMatchObject({ executing: 1, startedPerMinute: 2, endedPerMinute: 4 });
  });

  it('are for the administrator of the installation', async () => {
    const { errors } = await t.ask(SAMPLES, { variables: { from: ago(1), to: ago(0) }, as: keyOf('default', '*') });
    const backwards = await t.ask(SAMPLES, { variables: { from: ago(0), to: ago(1) } });

    expect(errors?.[0]?.message).toBe('insufficient permissions: requires instance:admin');
    expect(backwards.errors?.[0]).toMatchObject({
      message: '`to` must be later than `from`',
      extensions: { code: 'BAD_REQUEST' },
    });
  });
});
