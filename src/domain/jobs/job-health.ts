import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { makeTtlCache } from '../../core/ttl-cache.ts';

const HOUR_SECS = 3_600;

/** How far back the health of a job looks, in seconds. */
export const HEALTH_WINDOWS = { '1h': HOUR_SECS, '1d': 24 * HOUR_SECS, '7d': 168 * HOUR_SECS, '30d': 720 * HOUR_SECS } as const;

/** The name of one of {@link HEALTH_WINDOWS}. */
export type HealthWindow = keyof typeof HEALTH_WINDOWS;

/** Ended runs that are looked at, the newest ones. */
export const MAX_HEALTH_RUNS = 10_000;

/** How the runs of a job have ended lately. */
export interface JobHealth {
  readonly jobId: string;
  readonly window: HealthWindow;
  /** Runs that ended, canceled ones included. */
  readonly total: number;
  readonly completed: number;
  /** Those that ended in any other way, canceled ones not included. */
  readonly failed: number;
  /** Completed ones of those that were not canceled, 0 to 1; null when there are none. */
  readonly successRate: number | null;
  /** From the start of the last attempt to the end; null when no run that ended was started. */
  readonly p50DurationMs: number | null;
  readonly p95DurationMs: number | null;
  readonly throughputPerHour: number;
  /** More runs have ended than are looked at. */
  readonly isPartial: boolean;
}

/** The health of jobs, remembered for some seconds: people look at it again and again. */
export interface JobHealths {
  /** Of a job that the actor can see. */
  of(actor: Actor, jobId: string, window: HealthWindow): Promise<JobHealth>;
}

const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 1_000;

/** Makes the {@link JobHealths} of a process. */
export function makeJobHealths({ pool, now }: { readonly pool: Pool; readonly now: () => number }): JobHealths {
  const cache = makeTtlCache({
    load(key) {
      const [projectId = '', jobId = '', window = ''] = key.split(' ');
      // As `of` wrote it.
      return read(pool, { projectId, jobId, window: window as HealthWindow });
    },
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_ENTRIES,
    now,
  });
  return { of: ({ projectId }, jobId, window) => cache.get(`${projectId} ${jobId} ${window}`) };
}

/** Reads a stretch of the index of ended runs, at most {@link MAX_HEALTH_RUNS} of them however many there are. */
const HEALTH_SQL = `
with newest as materialized (
  select r.status, r.started_at, r.finished_at, r.project_id from runs r
   where r.job_id = $1 and r.finished_at is not null and r.finished_at >= now() - $2::int * interval '1 second'
   order by r.finished_at desc limit ${MAX_HEALTH_RUNS + 1}
), counted as (
  select *, extract(epoch from finished_at - started_at) * 1000 as ms from newest where project_id = $3 limit ${MAX_HEALTH_RUNS}
)
select count(*)::int as total, count(*) filter (where status = 'completed')::int as completed,
       count(*) filter (where status not in ('completed', 'canceled'))::int as failed,
       percentile_cont(0.5) within group (order by ms)::float8 as p50, percentile_cont(0.95) within group (order by ms)::float8 as p95,
       extract(epoch from now() - min(finished_at))::float8 as age, (select count(*)::int from newest) > ${MAX_HEALTH_RUNS} as partial
  from counted`;

interface HealthRow {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly age: number | null;
  readonly partial: boolean;
}

async function read(
  pool: Pool,
  { projectId, jobId, window }: { readonly projectId: string; readonly jobId: string; readonly window: HealthWindow },
): Promise<JobHealth> {
  const windowSecs = HEALTH_WINDOWS[window];
  const { rows } = await pool.query<HealthRow>({ name: 'job-health', text: HEALTH_SQL, values: [jobId, windowSecs, projectId] });
  const [row] = rows;
  if (!row) throw new Error('a query for sums answered no row');
  const { total, completed, failed, p50, p95, age, partial } = row;
  // What was looked at covers less than the window when there was too much in it.
  const seconds = partial && age !== null ? Math.max(age, 1) : windowSecs;
  return {
    jobId,
    window,
    total,
    completed,
    failed,
    successRate: completed + failed > 0 ? completed / (completed + failed) : null,
    p50DurationMs: p50 === null ? null : Math.round(p50),
    p95DurationMs: p95 === null ? null : Math.round(p95),
    throughputPerHour: (total / seconds) * HOUR_SECS,
    isPartial: partial,
  };
}
