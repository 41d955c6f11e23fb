import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { makeGatherer } from '../../core/gather.ts';
import { makeTtlCache } from '../../core/ttl-cache.ts';
import { estimate } from '../runs/density.ts';
import { HEALTH_WINDOWS, type HealthWindow } from './job-health.ts';

/** The most points of one line. */
const MAX_POINTS = 100;
/** Ended runs that are looked at for all jobs that are asked about together, and for one point at least. */
const EXAMINED = 100_000;
const EXAMINED_OF_POINT = 20;
const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 1_000;

/** How many runs of a job ended in a stretch of time. */
export interface SparkPoint {
  /** When the stretch begins. */
  readonly at: Date;
  readonly completed: number;
  /** Those that ended in any other way, canceled ones not included. */
  readonly failed: number;
}

/** How jobs have done over time, remembered for some seconds. Those asked for together share a statement. */
export interface JobSparklines {
  /** Of a job that the actor can see; BAD_REQUEST for a number of points that is none. */
  of(
    actor: Actor,
    jobId: string,
    line: { readonly window: HealthWindow; readonly buckets: number },
  ): Promise<readonly SparkPoint[]>;
}

/** Makes the {@link JobSparklines} of a process. */
export function makeJobSparklines({ pool, now }: { readonly pool: Pool; readonly now: () => number }): JobSparklines {
  const ask = makeGatherer<Line, readonly SparkPoint[]>((lines) => readLines(pool, lines));
  const cache = makeTtlCache({
    load(key) {
      const [projectId = '', jobId = '', window = '', buckets = ''] = key.split(' ');
      // As `of` wrote it.
      return ask({ projectId, jobId, window: window as HealthWindow, buckets: Number(buckets) });
    },
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_ENTRIES,
    now,
  });
  return {
    of({ projectId }, jobId, { window, buckets }) {
      if (buckets < 1 || buckets > MAX_POINTS) throw new AppError('BAD_REQUEST', `buckets must be 1 to ${MAX_POINTS}`);
      return cache.get(`${projectId} ${jobId} ${window} ${buckets}`);
    },
  };
}

interface Line {
  readonly projectId: string;
  readonly jobId: string;
  readonly window: HealthWindow;
  readonly buckets: number;
}

interface PointRow {
  /** The number of the line, from 1. */
  readonly ord: number;
  readonly at: Date;
  readonly completed: number;
  readonly failed: number;
  readonly seen: number;
  readonly oldest: Date | null;
  readonly newest: Date | null;
}

/**
 * Each point is a stretch of the index of ended runs, of which the newest `$5` are looked at. The stretches begin at multiples of their
 * length, so that a line that is looked at again has moved by whole points.
 */
const LINES_SQL = `
select a.ord::int, s.at, c.*
  from unnest($1::uuid[], $2::text[], $3::int[], $4::int[]) with ordinality as a (job_id, project_id, window_secs, buckets, ord)
 cross join lateral (select a.window_secs::float8 / a.buckets as secs) w
 cross join lateral generate_series(1, a.buckets) as b (n)
 cross join lateral (
   select to_timestamp((floor(extract(epoch from now())::float8 / w.secs) + 1 - a.buckets + b.n - 1) * w.secs) as at) s
 cross join lateral (
   select count(*) filter (where x.status = 'completed')::int as completed,
          count(*) filter (where x.status not in ('completed', 'canceled'))::int as failed,
          count(*)::int as seen, min(x.finished_at) as oldest, max(x.finished_at) as newest
     from (select r.status, r.finished_at from runs r
            where r.job_id = a.job_id and r.project_id = a.project_id and r.finished_at is not null
              and r.finished_at >= s.at and r.finished_at < s.at + w.secs * interval '1 second'
            order by r.finished_at desc limit $5::int) x) c
 order by a.ord, b.n`;

async function readLines(pool: Pool, lines: readonly Line[]): Promise<SparkPoint[][]> {
  const points = lines.reduce((sum, { buckets }) => sum + buckets, 0);
  const limit = Math.max(EXAMINED_OF_POINT, Math.floor(EXAMINED / points));
  const { rows } = await pool.query<PointRow>({
    name: 'job-sparklines',
    text: LINES_SQL,
    values: [
      lines.map(({ jobId }) => jobId),
      lines.map(({ projectId }) => projectId),
      lines.map(({ window }) => HEALTH_WINDOWS[window]),
      lines.map(({ buckets }) => buckets),
      limit,
    ],
  });
  return lines.map((_, index) => rows.filter(({ ord }) => ord === index + 1).map((row) => toPoint(row, limit)));
}

function toPoint({ at, completed, failed, seen, oldest, newest }: PointRow, limit: number): SparkPoint {
  if (!oldest || !newest) return { at, completed: 0, failed: 0 };
  const looked = { from: at.getTime(), oldest: oldest.getTime(), newest: newest.getTime(), isPart: seen >= limit };
  return { at, completed: estimate(completed, looked), failed: estimate(failed, looked) };
}
