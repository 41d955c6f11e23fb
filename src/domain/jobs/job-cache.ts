/**
 * Invariant: no answer is older than 1 s, counted from before its query was sent, and none of this process is older than the last
 * `invalidate` of its project: that drops the queries under way too, whose snapshots may be from before the change.
 */
import type pg from 'pg';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { JOB_COLUMNS, type JobRow, type JobSqlRow, jobFromSql, jobKeyColumn } from './job.ts';
import { makeVersionCache } from './version-cache.ts';

const MAX_AGE_MS = 1_000;
/** A job is some 2 KB, up to 64 KB with schemas at their limit. */
const MAX_ENTRIES = 2_000;

/** Jobs for the engine, at the cost of one query per job and second however many runs are triggered. */
export interface JobCache {
  /** The live job of a project by id or slug; NOT_FOUND when there is none. The caller has checked who asks. */
  find(projectId: string, idOrSlug: string): Promise<CachedJob>;
  /** The job of a run that exists, as it is today, also when it was deleted meanwhile; NOT_FOUND for anything else. */
  ofRun(projectId: string, jobId: string): Promise<CachedJob>;
  /** As `ofRun`, with what the job said at one of its versions: what a run under that version goes by. */
  atVersion(projectId: string, jobId: string, version: number): Promise<CachedJob>;
  /** The version that runs under `version` are to execute today, by the version policy of the job. */
  versionToRun(job: CachedJob, version: number): Promise<number>;
  /** Forgets the jobs of a project; to be called by whoever has changed one. */
  invalidate(projectId: string): void;
}

/** A job with what its project has to say about its triggers; null when nothing, which is what costs nothing. */
export interface CachedJob extends JobRow {
  readonly quotas: TriggerQuotas | null;
}

/** The quotas of a project that a trigger is measured by. */
export interface TriggerQuotas {
  readonly maxQueuedRuns: number | null;
  readonly maxDailyCostMicrousd: number | null;
}

/** What a cache may be told in tests: a clock in milliseconds that never jumps (only its differences matter), and its size. */
export interface JobCacheOptions {
  readonly now?: () => number;
  readonly maxEntries?: number;
}

/** Makes the cache of a process. Jobs that are not found are asked for again every time, so one just created is never missed. */
export function makeJobCache(pool: pg.Pool, options: JobCacheOptions = {}): JobCache {
  const { now = () => performance.now(), maxEntries = MAX_ENTRIES } = options;
  const entries = new Map<string, Entry>();
  const versions = makeVersionCache(pool, maxEntries);

  async function get(projectId: string, idOrSlug: string): Promise<CachedJob> {
    const job = await entryFor(projectId, idOrSlug).answer;
    if (!job) throw notFound('job');
    return job;
  }

  function entryFor(projectId: string, idOrSlug: string): Entry {
    // No project id and no slug contains a slash.
    const key = `${projectId}/${idOrSlug}`;
    const known = entries.get(key);
    const entry = known && now() - known.askedAt < MAX_AGE_MS ? known : ask(key, { projectId, idOrSlug });
    // A Map iterates in the order of insertion: moved to the end on every use, the first one is the least recently used.
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value ?? key);
    return entry;
  }

  function ask(key: string, wanted: Wanted): Entry {
    const entry: Entry = { projectId: wanted.projectId, askedAt: now(), answer: load(pool, wanted) };
    const forget = () => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    // A failed query says nothing about the job; those who wait for it get the error themselves.
    entry.answer.then((job) => (job ? undefined : forget()), forget);
    return entry;
  }

  async function ofRun(projectId: string, jobId: string): Promise<CachedJob> {
    if (!isUuid(jobId)) throw notFound('job');
    return get(projectId, jobId);
  }

  return {
    async find(projectId, idOrSlug) {
      if (!jobKeyColumn(idOrSlug)) throw notFound('job');
      const job = await get(projectId, idOrSlug);
      if (job.deletedAt) throw notFound('job');
      return job;
    },
    ofRun,
    async atVersion(projectId, jobId, version) {
      const job = await ofRun(projectId, jobId);
      return job.version === version ? job : { ...job, ...(await versions.at(jobId, version)) };
    },
    async versionToRun(job, version) {
      // What is remembered of a job may be older than a run of its newest version: nothing goes back.
      if (job.version <= version || job.versionPolicy === 'pin') return version;
      return job.versionPolicy === 'latest' ? job.version : versions.lastCompatible(job.id, version, job.version);
    },
    invalidate(projectId) {
      for (const [key, entry] of entries) if (entry.projectId === projectId) entries.delete(key);
    },
  };
}

interface Entry {
  readonly projectId: string;
  readonly askedAt: number;
  readonly answer: Promise<CachedJob | null>;
}

interface Wanted {
  readonly projectId: string;
  readonly idOrSlug: string;
}

/** Json has no integers beyond a double; a budget is none. */
const QUOTAS_SQL = `(select json_build_object('maxQueuedRuns', p.max_queued_runs, 'maxDailyCostMicrousd', p.max_daily_cost_microusd)
  from projects p where p.id = jobs.project_id and num_nonnulls(p.max_queued_runs, p.max_daily_cost_microusd) > 0) as quotas`;

/** By id a deleted job is found too: it stays deleted, so remembering it is as good as remembering a live one. */
const LOAD_JOB = {
  id: { name: 'job-by-id', text: `select ${JOB_COLUMNS}, ${QUOTAS_SQL} from jobs where project_id = $1 and id = $2` },
  slug: {
    name: 'job-by-slug',
    text: `select ${JOB_COLUMNS}, ${QUOTAS_SQL} from jobs where project_id = $1 and slug = $2 and deleted_at is null`,
  },
} as const;

async function load(pool: pg.Pool, { projectId, idOrSlug }: Wanted): Promise<CachedJob | null> {
  const statement = LOAD_JOB[isUuid(idOrSlug) ? 'id' : 'slug'];
  const { rows } = await pool.query<JobSqlRow & Pick<CachedJob, 'quotas'>>({ ...statement, values: [projectId, idOrSlug] });
  return rows[0] ? { ...jobFromSql(rows[0]), quotas: rows[0].quotas } : null;
}
