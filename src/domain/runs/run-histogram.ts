import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { RUN_STATUSES, type RunStatus } from '../../core/run-state.ts';
import { requireOwnProject } from '../projects/own-project.ts';
import type { StatusCount } from './count-runs.ts';
import { estimate } from './density.ts';
import { type Examination, examine, isCountable } from './examined-runs.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** The most stretches that a histogram has. */
export const MAX_BUCKETS = 200;
const DEFAULT_BUCKETS = 60;
/** A database with up to so many runs is counted exactly (1,000,000 of them in 100 ms), one with more by samples. */
const EXACT = 1_500_000;
/** Runs that are looked at, all stretches together, for a filter that no index counts: where asking is cheap, and where it is dear. */
const EXAMINED = 100_000;
const ASKED = 25_000;

/** Which runs, over what time, how finely. */
export interface HistogramInput {
  readonly projectId?: string | null | undefined;
  readonly filter: RunFilter;
  readonly from: Date;
  readonly to: Date;
  readonly buckets?: number | null | undefined;
}

/** Runs by the time of their creation and by status. */
export interface RunHistogram {
  readonly from: Date;
  readonly to: Date;
  readonly bucketSecs: number;
  /** Some of the numbers are estimates. */
  readonly isSampled: boolean;
  /** All stretches, in order. */
  readonly buckets: readonly Bucket[];
}

/** One stretch of time, with the statuses that its runs are in. */
export interface Bucket {
  readonly at: Date;
  readonly counts: readonly StatusCount[];
}

/**
 * Counts runs by creation time and status. Exact while the database has no more than {@link EXACT} runs and the filter says nothing but
 * status and time, or what only few runs have; otherwise a bounded number of runs is looked at in each stretch, the newest in it, and the
 * rest is taken to be alike. BAD_REQUEST for a time that ends before it begins, and for more than {@link MAX_BUCKETS}; NOT_FOUND for a
 * project of somebody else.
 */
export async function readHistogram(actor: Actor, input: HistogramInput, deps: { readonly reads: Pool }): Promise<RunHistogram> {
  requireScope(actor, 'runs:read');
  requireOwnProject(actor, input.projectId);
  const { filter, from, to } = input;
  const number = input.buckets ?? DEFAULT_BUCKETS;
  if (number < 1 || number > MAX_BUCKETS) throw new AppError('BAD_REQUEST', `buckets must be 1 to ${MAX_BUCKETS}`);
  const span = to.getTime() - from.getTime();
  if (span <= 0) throw new AppError('BAD_REQUEST', '`to` must be later than `from`');
  const grid: Grid = { from, to, number, widthUs: (span * 1_000) / number };
  const cells = isCountable(filter) ? await countInIndex(actor, filter, grid, deps) : await countAmong(actor, filter, grid, deps);
  const buckets = Array.from({ length: number }, (_, n): Bucket => {
    const counts = RUN_STATUSES.flatMap((status) => {
      const count = cells.counts.get(`${n} ${status}`) ?? 0;
      return count > 0 ? [{ status, count }] : [];
    });
    return { at: new Date(startOf(grid, n)), counts };
  });
  return { from, to, bucketSecs: span / number / 1_000, isSampled: cells.isSampled, buckets };
}

interface Grid {
  readonly from: Date;
  readonly to: Date;
  readonly number: number;
  readonly widthUs: number;
}

interface Cells {
  /** By the number of the stretch and the status. */
  readonly counts: ReadonlyMap<string, number>;
  readonly isSampled: boolean;
}

interface Cell {
  readonly n: number;
  readonly status: RunStatus;
  readonly count: number;
  /** The edges of what was looked at; left out where all of it was. */
  readonly oldest?: Date;
  readonly newest?: Date;
}

/** A cell of which only the newest runs may have been looked at. */
interface SampledCell extends Cell {
  readonly oldest: Date;
  readonly newest: Date;
  /** Runs that were looked at in the whole stretch. */
  readonly examined: number;
}

/** The condition of a stretch `b.n`, over `runs r`, with the parameters of the grid behind `values`. */
function within(grid: Grid, values: readonly unknown[]): { readonly sql: string; readonly values: readonly unknown[] } {
  const n = values.length;
  const edge = (number: string) => `$${n + 1}::timestamptz + ${number} * $${n + 2}::float8 * interval '1 microsecond'`;
  return {
    sql: `r.created_at >= ${edge('b.n')} and r.created_at < ${edge('(b.n + 1)')}`,
    values: [...values, grid.from, grid.widthUs],
  };
}

async function countInIndex(actor: Actor, filter: RunFilter, grid: Grid, deps: { readonly reads: Pool }): Promise<Cells> {
  const { status = RUN_STATUSES, ...times } = filter;
  const meant = compileFilter(actor, times);
  const { sql, values } = within(grid, meant.values);
  const inCell = `from runs r where ${meant.sql} and r.status = s.status and ${sql}`;
  const limit = (await isSmall(deps.reads)) ? null : Math.max(Math.floor(EXACT / (status.length * grid.number)), 1);
  // Counting alone takes half as long as finding the edges of what was counted, too.
  const counted =
    limit === null
      ? `select count(*)::int as count ${inCell}`
      : `select count(*)::int as count, min(x.created_at) as oldest, max(x.created_at) as newest
           from (select r.created_at ${inCell} order by r.created_at desc limit ${limit}) x`;
  const { rows } = await deps.reads.query<Cell>(
    `select b.n, s.status, c.* from unnest($${values.length + 1}::text[]) as s (status)
      cross join generate_series(0, ${grid.number - 1}) as b (n) cross join lateral (${counted}) c
      where c.count > 0`,
    [...values, status],
  );
  return tally(grid, rows, ({ count }) => limit !== null && count >= limit);
}

/** Whether the database has no more runs than are counted one by one, as far as it knows. */
async function isSmall(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ small: boolean }>(
    `select c.reltuples <= ${EXACT} as small from pg_class c where c.oid = 'runs'::regclass`,
  );
  return rows[0]?.small ?? false;
}

async function countAmong(actor: Actor, filter: RunFilter, grid: Grid, deps: { readonly reads: Pool }): Promise<Cells> {
  const examination = await examine(actor, filter, deps);
  if (examination.isRare) return countRare(examination, grid, deps.reads);
  const { among, meant, isDear } = examination;
  const { sql, values } = within(grid, examination.values);
  const limit = Math.floor((isDear ? ASKED : EXAMINED) / grid.number);
  const { rows } = await deps.reads.query<SampledCell>(
    `select b.n, c.* from generate_series(0, ${grid.number - 1}) as b (n)
      cross join lateral (
        select r.status, (count(*) filter (where ${meant}))::int as count, (sum(count(*)) over ())::int as examined,
               min(min(r.created_at)) over () as oldest, max(max(r.created_at)) over () as newest
          from (select r.* from runs r where ${among} and ${sql} order by r.created_at desc, r.id desc limit ${limit}) r
         group by r.status) c
      where c.count > 0`,
    [...values],
  );
  return tally(grid, rows, ({ examined }) => examined >= limit);
}

async function countRare({ among, meant, values }: Examination, grid: Grid, pool: Pool): Promise<Cells> {
  const n = values.length;
  const { rows } = await pool.query<Cell>(
    `select least(floor(extract(epoch from r.created_at - $${n + 1}::timestamptz) * 1e6 / $${n + 3}::float8)::int, ${grid.number - 1}) as n,
            r.status, count(*)::int as count
       from runs r where ${among} and ${meant} and r.created_at >= $${n + 1}::timestamptz and r.created_at < $${n + 2}::timestamptz
      group by 1, 2`,
    [...values, grid.from, grid.to, grid.widthUs],
  );
  return tally(grid, rows, () => false);
}

/** Puts the cells together; what was looked at only in part is estimated from that part. */
function tally<Row extends Cell>(grid: Grid, rows: readonly Row[], isPart: (row: Row) => boolean): Cells {
  const counts = new Map(
    rows.map((row) => {
      const { n, status, count, oldest, newest } = row;
      const estimated = (from: Date, to: Date) =>
        estimate(count, { from: startOf(grid, n), oldest: from.getTime(), newest: to.getTime(), isPart: isPart(row) });
      return [`${n} ${status}`, oldest && newest ? estimated(oldest, newest) : count];
    }),
  );
  return { counts, isSampled: rows.some(isPart) };
}

function startOf({ from, widthUs }: Grid, n: number): number {
  return from.getTime() + (n * widthUs) / 1_000;
}
