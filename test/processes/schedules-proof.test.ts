import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCron } from '../../src/core/cron.ts';
import { newId } from '../../src/core/ids.ts';
import { fireDue } from '../../src/domain/schedules/fire-due.ts';
import { settleFires } from '../../src/domain/schedules/settle-fires.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { dueAt, firesOf, schedule, scheduleRow } from '../support/schedules.ts';

const START = new Date('2026-03-29T00:00:00Z');
const HOURS = 2;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'];
const EXPRESSIONS = ['*/15 * * * *', '7,37 * * * *', '*/20 1-3 * * *', '30 2 * * *', '*/10 * * * *', '0 * * * *', '30 0 0 * * *'];

describe('three processes', () => {
  const engines: TestEngine[] = [];
  beforeAll(async () => {
    const first = await startTestEngine({ role: 'api' });
    engines.push(first, ...(await Promise.all([1, 2].map(() => startTestEngine({ role: 'api', url: first.url })))));
  });
  afterAll(async () => {
    for (const engine of engines.toReversed()) await engine.close();
  });

  /** Fills the table as `createSchedule` would have long ago: what is stored, not how, is what this is about. */
  async function store(schedules: readonly object[]): Promise<void> {
    await engines[0]?.pools.reads.query(
      `insert into schedules (id, project_id, name, job_id, payload, cron, timezone, next_fire_at, overlap_policy, created_by)
       select id, 'default', 'x', job_id, 'null', cron, timezone, next_fire_at, 'allow', 'test'
         from json_to_recordset($1::json) as x (id uuid, job_id uuid, cron text, timezone text, next_fire_at timestamptz)`,
      [JSON.stringify(schedules)],
    );
  }

  const fire = (now: Date | null) =>
    Promise.all(
      engines.map(async ({ engine }) => {
        await fireDue(engine.runs, now);
        await settleFires(engine.schedules);
      }),
    );

  it(`fire 500 schedules through ${HOURS} hours in which clocks change, each moment once`, async () => {
    const [t] = engines;
    if (!t) throw new Error('no engine');
    const job = await t.createJob();
    const expected: string[] = [];
    const schedules = Array.from({ length: 500 }, (_, index) => {
      const id = newId();
      const timezone = ZONES[index % ZONES.length] ?? 'UTC';
      const expression = EXPRESSIONS[index % EXPRESSIONS.length] ?? '';
      const cron = parseCron(expression, { timezone, now: START });
      const end = START.getTime() + HOURS * 3_600_000;
      for (let at = cron.nextAfter(START); at && at.getTime() <= end; at = cron.nextAfter(at)) {
        expected.push(`${id} ${at.toISOString()}`);
      }
      return { id, job_id: job.id, cron: expression, timezone, next_fire_at: cron.nextAfter(START) };
    });
    await store(schedules);

    for (let minute = 1; minute <= HOURS * 60; minute++) await fire(new Date(START.getTime() + minute * 60_000));
    await fire(new Date(START.getTime() + HOURS * 3_600_000));

    const { rows } = await t.pools.reads.query<{ id: string; at: Date; outcome: string }>(
      `select f.schedule_id as id, r.scheduled_at as at, f.outcome from runs r left join schedule_fires f on f.run_id = r.id where r.job_id = $1`,
      [job.id],
    );
    expect(expected.length).toBeGreaterThan(2_000);
    expect(rows.map(({ id, at }) => `${id} ${at.toISOString()}`).sort()).toEqual(expected.sort());
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['started']));
    const { rows: counted } = await t.pools.reads.query(
      `select (select count(*)::int from schedule_fires where schedule_id = any ($1::uuid[])) as fires, sum(fire_count)::int as fired,
              sum(missed_count)::int as missed from schedules where id = any ($1::uuid[])`,
      [schedules.map(({ id }) => id)],
    );
    expect(counted).toEqual([{ fires: expected.length, fired: expected.length, missed: 0 }]);
    await t.pools.reads.query('truncate schedules, schedule_fires');
  }, 60_000);

  it('fire 10,000 schedules of one minute within 30 seconds', async () => {
    const [t] = engines;
    if (!t) throw new Error('no engine');
    const job = await t.createJob();
    const at = new Date('2026-03-01T12:00:00Z');
    await store(
      Array.from({ length: 10_000 }, () => ({
        id: newId(),
        job_id: job.id,
        cron: '0 12 * * *',
        timezone: 'UTC',
        next_fire_at: at,
      })),
    );
    const began = performance.now();

    await fire(new Date('2026-03-01T12:00:01Z'));

    expect(performance.now() - began).toBeLessThan(30_000);
    const { rows } = await t.pools.reads.query(
      `select count(*)::int as runs, count(distinct f.schedule_id)::int as schedules
         from runs r join schedule_fires f on f.run_id = r.id and f.outcome = 'started' where r.job_id = $1`,
      [job.id],
    );
    expect(rows).toEqual([{ runs: 10_000, schedules: 10_000 }]);
    await t.pools.reads.query('truncate schedules, schedule_fires');
  }, 60_000);
});

describe('a process', () => {
  let t: TestEngine;
  beforeAll(async () => {
    // The reaper looks so seldom that only the timer can be in time.
    t = await startTestEngine({ reaperMs: 600_000 });
  });
  afterAll(() => t.close());

  it('wakes up at the moment of a schedule, and for the next', async () => {
    const job = await t.createJob();
    const done = Promise.withResolvers<void>();
    t.answer(() => {
      if (t.attempts.length === 2) done.resolve();
      return { kind: 'completed', result: null, trace: { connect_ms: 0, ttfb_ms: 0, transfer_ms: 0, dispatch_ms: 0 } };
    });

    const { id } = await schedule(t, { job: job.slug, cron: '* * * * * *' });
    await done.promise;

    const [first, second] = await firesOf(t, id);
    expect((second?.fire_at.getTime() ?? 0) - (first?.fire_at.getTime() ?? 0)).toBe(1_000);
    const { rows } = await t.pools.reads.query<{ late: number }>(
      `select extract(epoch from created_at - scheduled_at)::float8 as late from runs where job_id = $1`,
      [job.id],
    );
    for (const { late } of rows) expect(late).toBeLessThan(0.9);
    await t.pools.reads.query('truncate schedules, schedule_fires');
  });

  it('keeps the last 1,000 moments of a schedule, and those whose runs go on', async () => {
    const job = await t.createJob();
    t.answer(
      (_attempt, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () =>
            resolve({ kind: 'completed', result: null, trace: { connect_ms: 0, ttfb_ms: 0, transfer_ms: 0, dispatch_ms: 0 } }),
          ),
        ),
    );
    const { id } = await schedule(t, { job: job.slug, overlapPolicy: 'skip', cron: '0 * * * *' });
    await dueAt(t, id, '2026-01-01T00:00:00Z');
    await fireDue(t.engine.runs, new Date('2026-01-01T00:00:01Z'));
    await settleFires(t.engine.schedules);
    await t.pools.reads.query(
      `insert into schedule_fires (id, schedule_id, project_id, fire_at, outcome)
       select gen_random_uuid(), $1, 'default', timestamptz '2026-01-01' + g * interval '1 hour', 'skipped_overlap' from generate_series(1, 1200) g`,
      [id],
    );
    await t.pools.reads.query('update schedules set fire_count = 1199, next_fire_at = $2 where id = $1', [
      id,
      '2026-03-01T00:00:00Z',
    ]);

    await fireDue(t.engine.runs, new Date('2026-03-01T00:00:01Z'));

    const fires = await firesOf(t, id);
    expect(fires).toHaveLength(1_001);
    expect(fires[0]).toMatchObject({ fire_at: new Date('2026-01-01T00:00:00Z'), outcome: 'started' });
    expect(await scheduleRow(t, id)).toMatchObject({ fire_count: 1_200 });
    await t.pools.reads.query('truncate schedules, schedule_fires');
  });
});
