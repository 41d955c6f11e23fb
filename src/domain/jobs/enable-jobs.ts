import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { key } from '../../core/schemas.ts';
import { JOB_COLUMNS, type JobRow, type JobSqlRow, jobFromSql } from './job.ts';
import type { JobDeps } from './job-deps.ts';

/** Which jobs to enable or disable. */
export const EnableJobsInput = z.strictObject({
  ids: z.array(key(128)).min(1).max(100).describe('Ids or slugs of the jobs: 1 to 100.'),
  enabled: z.boolean().describe('False refuses new runs and starts none of those that are queued.'),
});

/**
 * Enables or disables jobs, all of them or none; answers them in the order asked for, each once. FORBIDDEN without `jobs:write`, NOT_FOUND
 * when one of them is not there.
 */
export async function enableJobs(
  actor: Actor,
  { ids, enabled }: z.infer<typeof EnableJobsInput>,
  deps: Pick<JobDeps, 'pool' | 'jobCache'>,
): Promise<JobRow[]> {
  requireScope(actor, 'jobs:write');
  const asked = [...new Set(ids)];
  const uuids = asked.filter(isUuid);
  const slugs = asked.filter((one) => !isUuid(one));
  const { rows } = await deps.pool.query<JobSqlRow>(ENABLE_SQL, [actor.projectId, uuids, slugs, enabled]);
  if (rows.length === 0) throw notFound('one of the jobs');
  deps.jobCache.invalidate(actor.projectId);
  const jobs = rows.map(jobFromSql);
  const ordered = asked.flatMap((one) => jobs.find(({ id, slug }) => id === one || slug === one) ?? []);
  return [...new Set(ordered)];
}

/** Locked in the order of their ids. Unless every id and every slug has found its job, nothing changes. */
const ENABLE_SQL = `
with found as materialized (
  select id, slug from jobs where project_id = $1 and deleted_at is null and (id = any ($2::uuid[]) or slug = any ($3::text[]))
   order by id for update
), complete as (
  select (select count(*) from found where id = any ($2::uuid[])) = cardinality($2::uuid[])
     and (select count(*) from found where slug = any ($3::text[])) = cardinality($3::text[]) as yes
)
update jobs j set enabled = $4, updated_at = case when j.enabled = $4 then j.updated_at else now() end
 where j.id in (select id from found) and (select yes from complete)
returning ${JOB_COLUMNS}`;
