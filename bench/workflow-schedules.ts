import { nowMs } from './clock.ts';
import { percentile } from './statistics.ts';
import { countOf, type WorkflowBench } from './workflow-stage.ts';

const LEAD_SECS = 3;

/** How very many schedules fire at one moment. */
export interface ScheduleFigures {
  /** Seconds after the moment until the run of the median and of the last one was stored, and until all had completed. */
  readonly medianSeconds: number;
  readonly lastSeconds: number;
  readonly completedSeconds: number;
}

/** Stores schedules that are all due at one moment, a few seconds ahead, and watches them fire. */
export async function measureSchedules(bench: WorkflowBench, count: number): Promise<ScheduleFigures> {
  const { db } = bench.stage;
  const { rows } = await db.query<{ at: Date }>(
    `insert into schedules (id, project_id, name, job_id, payload, cron, timezone, next_fire_at, created_by)
     select uuidv7(), 'default', 'bench ' || n, j.id, jsonb_build_object('n', n), to_char(m.at at time zone 'UTC', 'SS MI HH24 DD') || ' * *', 'UTC', m.at, 'bench'
       from jobs j cross join (select date_trunc('second', clock_timestamp()) + $2 * interval '1 second' as at) m
      cross join generate_series(0, $1::int - 1) as n where j.slug = 'step'
     returning next_fire_at as at`,
    [count, LEAD_SECS + count / 5_000],
  );
  await db.query('analyze schedules');
  const at = rows[0]?.at;
  if (!at) throw new Error('No schedule was stored.');
  // A server that has nothing to do looks again in time for the next one; it is told of new ones where they are made.
  await bench.send('POST', '/v1/schedules', {
    name: 'a sign',
    job_id: 'step',
    run_at: new Date(at.getTime() + 86_400_000).toISOString(),
  });
  const late = Date.now() - at.getTime();
  if (late > 0) throw new Error(`Storing ${count} schedules took ${late} ms longer than planned.`);

  const startedAt = nowMs() - late;
  const endedAt = await bench.until(
    count,
    `select count(*)::int from runs r where r.triggered_by = 'cron' and r.status = 'completed'`,
  );
  const { rows: stored } = await db.query<{ seconds: number }>(
    `select extract(epoch from r.created_at - $1::timestamptz)::float8 as seconds from runs r where r.triggered_by = 'cron'`,
    [at],
  );
  const seconds = stored.map((row) => row.seconds);
  const once = await countOf(
    bench.stage,
    `select count(*)::int from schedules s where s.created_by = 'bench' and s.fire_count = 1 and s.missed_count = 0
        and 1 = (select count(*) from schedule_fires f join runs r on r.id = f.run_id where f.schedule_id = s.id and f.outcome = 'started')`,
  );
  if (once !== count) bench.losses.push(`${once} of ${count} schedules fired once`);
  if (seconds.length !== count) bench.losses.push(`${seconds.length} runs of ${count} schedules`);
  return {
    medianSeconds: percentile(seconds, 50),
    lastSeconds: percentile(seconds, 100),
    completedSeconds: (endedAt - startedAt) / 1_000,
  };
}
