import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { ACTIVE_STATUSES } from '../../core/run-state.ts';
import { transact } from '../../db/transact.ts';
import { lockDependencies } from '../dependencies/project-lock.ts';
import { dropDependencies } from '../dependencies/remove-dependency.ts';
import { readJob } from './find-job.ts';
import { JOB_COLUMNS, type JobRow, type JobSqlRow, jobFromSql, jobKeyColumn } from './job.ts';
import type { JobDeps } from './job-deps.ts';

type DeleteDeps = Pick<JobDeps, 'pool' | 'jobCache'>;

/**
 * Deletes a job: its slug is free again, its runs and history stay, its secrets go. FORBIDDEN without `jobs:write`; NOT_FOUND for unknown, foreign and
 * deleted jobs; CONFLICT while a run of it is active or another job depends on it. Returns the tombstone.
 */
export async function deleteJob(actor: Actor, idOrSlug: string, deps: DeleteDeps): Promise<JobRow> {
  requireScope(actor, 'jobs:write');
  const key = jobKeyColumn(idOrSlug);
  if (!key) throw notFound('job');
  const { rows } = await deps.pool.query<JobSqlRow>(DELETE_JOB[key], [actor.projectId, idOrSlug]);
  const deleted = rows[0] ?? (await deleteDependent(actor, idOrSlug, deps));
  deps.jobCache.invalidate(actor.projectId);
  return jobFromSql(deleted);
}

/** Deletes a job that depends on others, with its dependencies; throws why a job cannot be deleted. */
async function deleteDependent(actor: Actor, idOrSlug: string, deps: DeleteDeps): Promise<JobSqlRow> {
  const job = await readJob(actor.projectId, idOrSlug, deps.pool);
  if (job.dependentCount > 0) throw await dependedOn(job, deps);
  if (job.dependencyCount === 0) throw hasActiveRuns();
  return transact(deps.pool, async (client) => {
    await lockDependencies(client, actor.projectId);
    await dropDependencies(client, job.id);
    const { rows } = await client.query<JobSqlRow>(DELETE_JOB.id, [actor.projectId, job.id]);
    if (!rows[0]) throw hasActiveRuns();
    return rows[0];
  });
}

function hasActiveRuns(): AppError {
  return new AppError('CONFLICT', 'job has active runs — cancel them first or wait for completion');
}

/** How many dependents an error names. */
const NAMED_DEPENDENTS = 5;

async function dependedOn(job: JobRow, deps: DeleteDeps): Promise<AppError> {
  const { rows } = await deps.pool.query<{ slug: string }>(
    `select j.slug from job_dependencies d join jobs j on j.id = d.job_id where d.depends_on_job_id = $1 order by j.slug limit $2`,
    [job.id, NAMED_DEPENDENTS],
  );
  const more = job.dependentCount > rows.length ? ', …' : '';
  const names = rows.map(({ slug }) => slug).join(', ');
  return new AppError('CONFLICT', `other jobs depend on this one (${names}${more}): remove those dependencies first`);
}

const ACTIVE = ACTIVE_STATUSES.map((status) => `'${status}'`).join(', ');

const DELETE_JOB = { id: deleteSql('id'), slug: deleteSql('slug') } as const;

/**
 * Materialized, so that the active runs of the project are looked through and not all runs the job ever had: with 300,000 final runs
 * and 5,000 active ones of another job that took 5 ms against 330 ms.
 */
function deleteSql(key: 'id' | 'slug'): string {
  return `
  with active as materialized (
    select r.job_id from runs r where r.project_id = $1 and r.status in (${ACTIVE})
  ), gone as (
  update jobs j set deleted_at = now(), updated_at = now()
  where j.project_id = $1 and j.${key} = $2 and j.deleted_at is null and j.dependency_count = 0 and j.dependent_count = 0
    and not exists (select from active a where a.job_id = j.id)
  returning ${JOB_COLUMNS}
  ), dropped as (
    delete from secrets s where s.job_id in (select id from gone)
  )
  select * from gone`;
}
