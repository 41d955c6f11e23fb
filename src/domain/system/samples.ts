import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { measureSql } from './measure-minute.ts';

const MINUTE_MS = 60_000;
const KEPT_DAYS = 14;
/** Samples that one answer has; a longer time is told in steps of several minutes. */
const MAX_SAMPLES = 1_500;

/** How the installation stood in a minute, or in several together. */
export interface SystemSample {
  /** When it began. */
  readonly at: Date;
  readonly queueDepth: number;
  readonly executing: number;
  readonly startedPerMinute: number;
  readonly endedPerMinute: number;
  readonly startP50Ms: number | null;
  readonly startP95Ms: number | null;
  readonly databaseBytes: number;
}

/** Writes samples: asked at every pass of the leader, and at work once a minute. */
export interface Sampler {
  pass(): Promise<void>;
}

/** The minute that ended last, by the clock of the database. */
const FROM_SQL = "date_trunc('minute', now()) - interval '1 minute'";

const SAMPLE_SQL = `
insert into system_samples (at, queue_depth, executing, started, ended, start_p50_ms, start_p95_ms, database_bytes)
select ${FROM_SQL}, m.* from (${measureSql(FROM_SQL, "date_trunc('minute', now())")}) m on conflict (at) do nothing`;

/**
 * Makes the {@link Sampler} of a process. `now` only says when it is worth asking the database; a minute in which nobody led has no sample.
 */
export function makeSampler({ engine, now }: { readonly engine: Pool; readonly now: () => number }): Sampler {
  let last = Math.floor(now() / MINUTE_MS);
  return {
    async pass() {
      const minute = Math.floor(now() / MINUTE_MS);
      if (minute === last) return;
      await engine.query({ name: 'system-sample', text: SAMPLE_SQL });
      last = minute;
      await engine.query({
        name: 'forget-samples',
        text: `delete from system_samples where at < now() - interval '${KEPT_DAYS} days'`,
      });
    },
  };
}

/**
 * How the installation stood from one moment to another, in time order: a sample for each minute, or for several together when they
 * would be more than {@link MAX_SAMPLES}; depths are the greatest of them then. FORBIDDEN without `instance:admin`, BAD_REQUEST for a time
 * that ends before it begins.
 */
export async function readSamples(
  actor: Actor,
  { from, to }: { readonly from: Date; readonly to: Date },
  deps: { readonly reads: Pool },
): Promise<SystemSample[]> {
  requireScope(actor, 'instance:admin');
  const minutes = Math.ceil((to.getTime() - from.getTime()) / MINUTE_MS);
  if (minutes <= 0) throw new AppError('BAD_REQUEST', '`to` must be later than `from`');
  const stepSecs = Math.ceil(Math.min(minutes, KEPT_DAYS * 1_440) / MAX_SAMPLES) * 60;
  const { rows } = await deps.reads.query<SystemSample>(
    `select to_timestamp(floor(extract(epoch from s.at) / $3::int) * $3::int) as at, max(s.queue_depth) as "queueDepth",
            max(s.executing) as executing, avg(s.started)::float8 as "startedPerMinute", avg(s.ended)::float8 as "endedPerMinute",
            avg(s.start_p50_ms)::int as "startP50Ms", max(s.start_p95_ms) as "startP95Ms", max(s.database_bytes)::float8 as "databaseBytes"
       from system_samples s where s.at >= $1 and s.at < $2 group by 1 order by 1 limit ${MAX_SAMPLES + 1}`,
    [from, to, stepSecs],
  );
  return rows;
}
