import { randomBytes } from 'node:crypto';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { readJob } from './find-job.ts';
import { JOB_COLUMNS, type JobRow, type JobSqlRow, jobFromSql, jobKeyColumn } from './job.ts';
import type { JobDeps, JobReadDeps } from './job-deps.ts';

/** A new secret for signing dispatches, in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** The secret that dispatches of a job are signed with. FORBIDDEN without `jobs:write`, NOT_FOUND as for `findJob`. */
export async function readJobSecret(actor: Actor, idOrSlug: string, deps: JobReadDeps): Promise<string> {
  requireScope(actor, 'jobs:write');
  return (await readJob(actor.projectId, idOrSlug, deps.pool)).signingSecret;
}

/**
 * Gives a job a new signing secret, and returns the job. The old one signs nothing from the next dispatch on (of another process:
 * within a second). No new version: the definition stays as it is. FORBIDDEN without `jobs:write`, NOT_FOUND as for `findJob`.
 */
export async function rotateJobSecret(actor: Actor, idOrSlug: string, deps: Pick<JobDeps, 'pool' | 'jobCache'>): Promise<JobRow> {
  requireScope(actor, 'jobs:write');
  const key = jobKeyColumn(idOrSlug);
  if (!key) throw notFound('job');
  const { rows } = await deps.pool.query<JobSqlRow>(
    `update jobs set signing_secret = $3, updated_at = now()
     where project_id = $1 and ${key} = $2 and deleted_at is null
     returning ${JOB_COLUMNS}`,
    [actor.projectId, idOrSlug, newSigningSecret()],
  );
  if (!rows[0]) throw notFound('job');
  deps.jobCache.invalidate(actor.projectId);
  return jobFromSql(rows[0]);
}
