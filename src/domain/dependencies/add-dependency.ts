import type { PoolClient } from 'pg';
import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { key } from '../../core/schemas.ts';
import { transact } from '../../db/transact.ts';
import { jobKeyColumn } from '../jobs/job.ts';
import type { JobDeps } from '../jobs/job-deps.ts';
import { dependencyColumnsSql, type JobDependency } from './job-dependency.ts';
import { DEPENDENCY_CONDITIONS } from './met-statement.ts';
import { lockDependencies } from './project-lock.ts';

/** How many other jobs one may depend on. */
export const MAX_DEPENDENCIES = 50;

/** What a new dependency is made from. */
export const AddDependencyInput = z.strictObject({
  dependsOnJobId: key(128).describe('Id or slug of the job to wait for, in the same project.'),
  condition: z
    .enum(DEPENDENCY_CONDITIONS)
    .optional()
    .describe(
      'How the latest ended run of that job must have ended: `completed` (default), `failed` (also timed out, crashed, expired, dead-lettered) or `any`.',
    ),
});

/**
 * Makes runs of a job wait until the latest ended run of another job is as asked for (reference semantics §5.3). Holds for runs
 * triggered from now on, in other processes within a second. FORBIDDEN without `jobs:write`; NOT_FOUND for an unknown job; BAD_REQUEST for
 * a job that is itself, of another project, or waits for this one already, and for more than {@link MAX_DEPENDENCIES}; CONFLICT for a job
 * it depends on already.
 */
export async function addDependency(
  actor: Actor,
  input: { readonly job: string } & z.output<typeof AddDependencyInput>,
  deps: Pick<JobDeps, 'pool' | 'jobCache'>,
): Promise<JobDependency> {
  requireScope(actor, 'jobs:write');
  const added = await transact(deps.pool, async (client) => {
    await lockDependencies(client, actor.projectId);
    const job = await findJob(client, actor.projectId, input.job);
    if (!job) throw notFound('job');
    const target = await findJob(client, actor.projectId, input.dependsOnJobId);
    if (!target) throw new AppError('BAD_REQUEST', 'depends_on_job_id is not the id of a job of this project');
    if (target.id === job.id) throw new AppError('BAD_REQUEST', 'a job cannot depend on itself');
    await refuseCircle(client, job, target);
    const { rows } = await client.query<JobDependency>(
      `insert into job_dependencies as d (id, project_id, job_id, depends_on_job_id, condition, created_by)
       values ($1, $2, $3, $4, $5, $6) on conflict (job_id, depends_on_job_id) do nothing returning ${dependencyColumnsSql('d')}`,
      [newId(), actor.projectId, job.id, target.id, input.condition ?? 'completed', actorName(actor)],
    );
    if (!rows[0]) throw new AppError('CONFLICT', `job "${job.slug}" depends on job "${target.slug}" already`);
    await count(client, { job, target });
    return rows[0];
  });
  deps.jobCache.invalidate(actor.projectId);
  return added;
}

interface NamedJob {
  readonly id: string;
  readonly slug: string;
}

async function findJob(client: PoolClient, projectId: string, idOrSlug: string): Promise<NamedJob | undefined> {
  const column = jobKeyColumn(idOrSlug);
  if (!column) return undefined;
  const { rows } = await client.query<NamedJob>(
    `select id, slug from jobs where project_id = $1 and ${column} = $2 and deleted_at is null`,
    [projectId, idOrSlug],
  );
  return rows[0];
}

/** The rows of the jobs say whether they are there still, and how many dependencies there are: both may have changed since. */
async function count(client: PoolClient, { job, target }: { readonly job: NamedJob; readonly target: NamedJob }): Promise<void> {
  const { rows } = await client.query<{ id: string; dependency_count: number }>(
    `update jobs set dependency_count = dependency_count + (id = $1)::int, dependent_count = dependent_count + (id = $2)::int
      where id in ($1, $2) and deleted_at is null returning id, dependency_count`,
    [job.id, target.id],
  );
  if (rows.length < 2) throw notFound('job');
  const total = rows.find(({ id }) => id === job.id)?.dependency_count ?? 0;
  if (total > MAX_DEPENDENCIES) throw new AppError('BAD_REQUEST', `a job may depend on at most ${MAX_DEPENDENCIES} others`);
}

/** Refuses a dependency that would have runs of both jobs wait for each other, in words that name the way around. */
async function refuseCircle(client: PoolClient, job: NamedJob, target: NamedJob): Promise<void> {
  const { rows: edges } = await client.query<{ from_id: string; to_id: string; to_slug: string }>(
    `with recursive reached as (
       select d.job_id, d.depends_on_job_id from job_dependencies d where d.job_id = $1
        union
       select d.job_id, d.depends_on_job_id from reached r join job_dependencies d on d.job_id = r.depends_on_job_id
     )
     select r.job_id as from_id, r.depends_on_job_id as to_id, j.slug as to_slug
       from reached r join jobs j on j.id = r.depends_on_job_id`,
    [target.id],
  );
  const way = shortestWay(target, job, edges);
  if (!way) return;
  const circle = [job.slug, ...way].join(' -> ');
  throw new AppError(
    'BAD_REQUEST',
    `job "${target.slug}" waits for job "${job.slug}" already, and they would wait for each other: ${circle}`,
  );
}

/** The slugs of the jobs from one to another, both included; null when there is no way. */
function shortestWay(
  from: NamedJob,
  to: NamedJob,
  edges: readonly { readonly from_id: string; readonly to_id: string; readonly to_slug: string }[],
): string[] | null {
  const next = new Map<string, { id: string; slug: string }[]>();
  for (const { from_id, to_id, to_slug } of edges) {
    next.set(from_id, [...(next.get(from_id) ?? []), { id: to_id, slug: to_slug }]);
  }
  const ways = new Map([[from.id, [from.slug]]]);
  for (const [id, way] of ways) {
    if (id === to.id) return way;
    // A Map is walked through in the order of insertion, what is added on the way included: nearest first.
    for (const { id: nextId, slug } of next.get(id) ?? []) if (!ways.has(nextId)) ways.set(nextId, [...way, slug]);
  }
  return null;
}
