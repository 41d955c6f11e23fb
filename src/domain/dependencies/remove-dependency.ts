import type { PoolClient } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import type { JobDeps } from '../jobs/job-deps.ts';
import type { DependencyWaits } from './dependency-waits.ts';
import { dependencyColumnsSql, type JobDependency } from './job-dependency.ts';
import { lockDependencies } from './project-lock.ts';

/**
 * Lets runs of a job wait for another job no longer; those that waited for nothing else go on. FORBIDDEN without `jobs:write`, NOT_FOUND
 * for a dependency that is unknown, or not of the job when one is named.
 */
export async function removeDependency(
  actor: Actor,
  { id, jobId }: { readonly id: string; readonly jobId?: string | undefined },
  deps: Pick<JobDeps, 'pool' | 'jobCache'> & { readonly dependencies: Pick<DependencyWaits, 'changed'> },
): Promise<JobDependency> {
  requireScope(actor, 'jobs:write');
  if (!isUuid(id)) throw notFound('dependency');
  const removed = await transact(deps.pool, async (client) => {
    await lockDependencies(client, actor.projectId);
    const { rows } = await client.query<JobDependency>(
      `delete from job_dependencies d where d.id = $1 and d.project_id = $2 and ($3::text is null or d.job_id in (
         select j.id from jobs j where j.project_id = $2 and $3 in (j.id::text, j.slug) and j.deleted_at is null))
       returning ${dependencyColumnsSql('d')}`,
      [id, actor.projectId, jobId ?? null],
    );
    if (!rows[0]) throw notFound('dependency');
    await uncount(client, rows);
    return rows[0];
  });
  deps.jobCache.invalidate(actor.projectId);
  await deps.dependencies.changed(removed.jobId);
  return removed;
}

/** Removes what a job depends on, within a transaction that holds the lock of the dependencies of its project. */
export async function dropDependencies(client: PoolClient, jobId: string): Promise<void> {
  const { rows } = await client.query<JobDependency>(
    `delete from job_dependencies d where d.job_id = $1 returning ${dependencyColumnsSql('d')}`,
    [jobId],
  );
  await uncount(client, rows);
}

async function uncount(client: PoolClient, removed: readonly JobDependency[]): Promise<void> {
  for (const { jobId, dependsOnJobId } of removed) {
    await client.query(
      `update jobs set dependency_count = dependency_count - (id = $1)::int, dependent_count = dependent_count - (id = $2)::int
        where id in ($1, $2)`,
      [jobId, dependsOnJobId],
    );
  }
}
