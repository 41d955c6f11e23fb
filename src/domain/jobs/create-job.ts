import type { Pool, PoolClient } from 'pg';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId, newVersionId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import { checkJob, jobFault } from './check-job.ts';
import { COLUMN_OF, JOB_COLUMNS, type JobDefinition, type JobRow, type JobSqlRow, jobFromSql, toSqlRecord } from './job.ts';
import type { JobDeps } from './job-deps.ts';
import { jobEnvironmentId, lostEnvironment } from './job-environment.ts';
import { type CreateJobInput, JOB_DEFAULTS } from './job-input.ts';
import { newSigningSecret } from './job-secret.ts';
import { recordVersionSql } from './job-versions.ts';

/**
 * Creates a job at version 1, with a signing secret of its own. FORBIDDEN without `jobs:write`, NOT_FOUND for another project,
 * BAD_REQUEST for an endpoint, a command or a schema that is refused and for fields that do not go together, CONFLICT when a live job has
 * the slug, RATE_LIMITED when the project has as many jobs as it may.
 */
export async function createJob(actor: Actor, input: CreateJobInput, deps: JobDeps): Promise<JobRow> {
  requireScope(actor, 'jobs:write');
  const { projectId, enabled, ...rest } = input;
  if (projectId && projectId !== actor.projectId) throw notFound('project');
  checkJob(rest, deps);
  const environmentId = await jobEnvironmentId(actor, rest.environmentId, deps);

  const definition: JobDefinition = { ...JOB_DEFAULTS, ...withoutNulls(rest), environmentId: environmentId ?? null };
  const record = {
    ...definition,
    id: newId(),
    projectId: actor.projectId,
    enabled: enabled ?? true,
    signingSecret: newSigningSecret(),
    dependencyCount: 0,
    dependentCount: 0,
    version: 1,
    versionId: newVersionId(),
    createdBy: actorName(actor),
  };
  const row = await store(JSON.stringify(toSqlRecord(record)), record, deps.pool);
  if (!row) throw slugTaken(input.slug);
  // Nothing of the new job is remembered, but a search for it that began before it existed may still be shared.
  deps.jobCache.invalidate(actor.projectId);
  return jobFromSql(row);
}

/**
 * In one statement for a project without a limit. With one, the project's row is locked first and the jobs are counted by a later
 * statement, so that racing creations count each other.
 */
async function store(
  json: string,
  job: { readonly projectId: string; readonly createdBy: string },
  pool: Pool,
): Promise<JobSqlRow | undefined> {
  try {
    const { rows } = await pool.query<JobSqlRow>(INSERT_JOB, [json, job.createdBy, false]);
    if (rows[0]) return rows[0];
    return await transact(pool, async (client) => {
      const { rows: limits } = await client.query<{ max: number | null }>(
        'select max_jobs as max from projects where id = $1 for no key update',
        [job.projectId],
      );
      const max = limits[0]?.max ?? null;
      if (max !== null) await refuseIfFull(client, job.projectId, max);
      const { rows: stored } = await client.query<JobSqlRow>(INSERT_JOB, [json, job.createdBy, true]);
      return stored[0];
    });
  } catch (error) {
    throw lostEnvironment(error) ?? jobFault(error);
  }
}

async function refuseIfFull(client: PoolClient, projectId: string, max: number): Promise<void> {
  const { rows } = await client.query<{ jobs: number }>(
    'select count(*)::int as jobs from jobs where project_id = $1 and deleted_at is null',
    [projectId],
  );
  if ((rows[0]?.jobs ?? 0) >= max) throw new AppError('RATE_LIMITED', `project has reached maximum jobs (${max})`);
}

/** The CONFLICT of a slug that a live job of the project has. */
export function slugTaken(slug: string): AppError {
  return new AppError('CONFLICT', `a job with slug "${slug}" already exists`);
}

/** Times are the database's: its clock, by the defaults of the columns. */
const { createdAt: _created, updatedAt: _updated, deletedAt: _deleted, ...GIVEN } = COLUMN_OF;
const GIVEN_COLUMNS = Object.values(GIVEN);

/** `$3` says that the limit of the project has been looked at. */
const INSERT_JOB = `
  with made as (
    insert into jobs (${GIVEN_COLUMNS.join(', ')})
    select ${GIVEN_COLUMNS.map((column) => `n.${column}`).join(', ')} from jsonb_populate_record(null::jobs, $1::jsonb) n
     where $3::boolean or (select p.max_jobs is null from projects p where p.id = n.project_id)
    on conflict (project_id, slug) where deleted_at is null do nothing
    returning *
  ), recorded as (
    ${recordVersionSql('made', 'true')}
  )
  select ${JOB_COLUMNS} from made`;

function withoutNulls<T extends object>(fields: T): { [Field in keyof T]: Exclude<T[Field], null | undefined> } {
  // What is left has no null and no undefined; a field left out falls back to its default where this is spread.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)) as {
    [Field in keyof T]: Exclude<T[Field], null | undefined>;
  };
}
