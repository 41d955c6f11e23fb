import type { CachedJob } from '../jobs/job-cache.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { RunDeps } from './deps.ts';

/** A claimed run with the job as the version policy lets it see it. */
export interface VersionedRun {
  readonly run: ClaimedRun;
  readonly job: CachedJob;
}

/**
 * Resolves the version of its job that a freshly claimed run executes (reference semantics §2.7): the one it was triggered under, unless
 * the policy of the job says otherwise. A run that goes on with another version is moved to it in the database, with the timeout of that
 * version unless its trigger asked for one, so that everything which looks at the run afterwards goes by the same version. Costs
 * nothing while the job is still at the version of the run.
 */
export async function adoptVersion(run: ClaimedRun, deps: Pick<RunDeps, 'engine' | 'jobs'>): Promise<VersionedRun> {
  const today = await deps.jobs.ofRun(run.projectId, run.jobId);
  const version = await deps.jobs.versionToRun(today, run.jobVersion);
  const job = version === today.version ? today : await deps.jobs.atVersion(run.projectId, run.jobId, version);
  if (version === run.jobVersion) return { run, job };
  const timeoutSecs = run.timeoutSecsOverride ?? job.timeoutSecs;
  await deps.engine.query({
    name: 'adopt-version',
    text: ADOPT_SQL,
    values: [run.id, run.epoch, version, job.versionId, timeoutSecs],
  });
  return { run: { ...run, jobVersion: version, timeoutSecs }, job };
}

/** Fenced like everything that a claim does: a claim that is over changes nothing. */
const ADOPT_SQL = `
with adopted as (
  update runs r set job_version = $3, job_version_id = $4, timeout_secs = $5
   where r.id = $1 and r.epoch = $2 returning r.id, r.started_at
)
update run_leases l set deadline_at = a.started_at + $5::int * interval '1 second'
  from adopted a where l.run_id = a.id and l.epoch = $2`;
