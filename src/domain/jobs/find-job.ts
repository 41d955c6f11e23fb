import type pg from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { JOB_COLUMNS, type Job, type JobRow, type JobSqlRow, jobFromSql, jobKeyColumn, withoutSecret } from './job.ts';
import type { JobReadDeps } from './job-deps.ts';

/** Reads a job of the actor's project by its id or slug. NOT_FOUND for unknown, foreign and deleted ones; FORBIDDEN without `jobs:read`. */
export async function findJob(actor: Actor, idOrSlug: string, deps: JobReadDeps): Promise<Job> {
  requireScope(actor, 'jobs:read');
  return withoutSecret(await readJob(actor.projectId, idOrSlug, deps.pool));
}

/** Reads a live job of a project, secret included; for functions that have checked their actor. NOT_FOUND when there is none. */
export async function readJob(projectId: string, idOrSlug: string, pool: pg.Pool): Promise<JobRow> {
  const key = jobKeyColumn(idOrSlug);
  if (!key) throw notFound('job');
  const { rows } = await pool.query<JobSqlRow>(
    `select ${JOB_COLUMNS} from jobs where project_id = $1 and ${key} = $2 and deleted_at is null`,
    [projectId, idOrSlug],
  );
  if (!rows[0]) throw notFound('job');
  return jobFromSql(rows[0]);
}
