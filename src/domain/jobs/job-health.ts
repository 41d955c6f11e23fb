import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { makeGatherer } from '../../core/gather.ts';
import { makeTtlCache } from '../../core/ttl-cache.ts';

const HOUR_SECS = 3_600;

/** How far back the health of a job looks, in seconds. */
export const HEALTH_WINDOWS = { '1h': HOUR_SECS, '1d': 24 * HOUR_SECS, '7d': 168 * HOUR_SECS, '30d': 720 * HOUR_SECS } as const;

/** The name of one of {@link HEALTH_WINDOWS}. */
export type HealthWindow = keyof typeof HEALTH_WINDOWS;

/** Ended runs of one job that are looked at, the newest ones; fewer when many jobs are looked at together. */
export const MAX_HEALTH_RUNS = 10_000;
/** Ended runs of all jobs together, as far as that leaves {@link MIN_HEALTH_RUNS} to each. */
const MAX_HEALTH_RUNS_OF_ALL = 50_000;
const MIN_HEALTH_RUNS = 1_000;

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

/** The health of jobs, remembered for some seconds: people look at it again and again. Those asked for together share a statement. */
export interface JobHealths {
  /** Of a job that the actor can see. */
  of(actor: Actor, jobId: string, window: HealthWindow): Promise<JobHealth>;
}

const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 1_000;

/** Makes the {@link JobHealths} of a process. */
export function makeJobHealths({ pool, now }: { readonly pool: Pool; readonly now: () => number }): JobHealths {
  const ask = makeGatherer<Subject, JobHealth>((subjects) => read(pool, subjects));
  const cache = makeTtlCache({
    load(key) {
      const [projectId = '', jobId = '', window = ''] = key.split(' ');
      // As `of` wrote it.
      return ask({ projectId, jobId, window: window as HealthWindow });
    },
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_ENTRIES,
    now,
  });
  return { of: ({ projectId }, jobId, window) => cache.get(`${projectId} ${jobId} ${window}`) };
}

interface Subject {
  readonly projectId: string;
  readonly jobId: string;
  readonly window: HealthWindow;
}

/** Reads a stretch of the index of ended runs for each job, at most `$4` of them however many there are. */
const HEALTH_SQL = `
select c.* from unnest($1::uuid[], $2::int[], $3::text[]) with ordinality as a (job_id, window_secs, project_id, ord)
 cross join lateral (
  with newest as materialized (
    select r.status, r.started_at, r.finished_at, r.project_id from runs r
     where r.job_id = a.job_id and r.finished_at is not null and r.finished_at >= now() - a.window_secs * interval '1 second'
     order by r.finished_at desc limit $4::int + 1
  ), counted as (
    select *, extract(epoch from finished_at - started_at) * 1000 as ms from newest where newest.project_id = a.project_id limit $4::int
  )
  select count(*)::int as total, count(*) filter (where status = 'completed')::int as completed,
         count(*) filter (where status not in ('completed', 'canceled'))::int as failed,
         percentile_cont(0.5) within group (order by ms)::float8 as p50, percentile_cont(0.95) within group (order by ms)::float8 as p95,
         extract(epoch from now() - min(finished_at))::float8 as age, (select count(*)::int from newest) > $4::int as partial
    from counted) c
 order by a.ord`;

interface HealthRow {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly age: number | null;
  readonly partial: boolean;
}

async function read(pool: Pool, subjects: readonly Subject[]): Promise<JobHealth[]> {
  const limit = Math.max(MIN_HEALTH_RUNS, Math.min(MAX_HEALTH_RUNS, Math.floor(MAX_HEALTH_RUNS_OF_ALL / subjects.length)));
  const { rows } = await pool.query<HealthRow>({
    name: 'job-health',
    text: HEALTH_SQL,
    values: [
      subjects.map(({ jobId }) => jobId),
      subjects.map(({ window }) => HEALTH_WINDOWS[window]),
      subjects.map(({ projectId }) => projectId),
      limit,
    ],
  });
  return subjects.map((subject, index) => {
    const row = rows[index];
    if (!row) throw new Error('a query for sums answered no row');
    return toHealth(subject, row);
  });
}

function toHealth({ jobId, window }: Subject, row: HealthRow): JobHealth {
  const { total, completed, failed, p50, p95, age, partial } = row;
  // What was looked at covers less than the window when there was too much in it.
  const seconds = partial && age !== null ? Math.max(age, 1) : HEALTH_WINDOWS[window];
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
