import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId, newVersionId } from '../../core/ids.ts';
import { checkJob } from './check-job.ts';
import { COLUMN_OF, JOB_COLUMNS, type JobDefinition, type JobRow, type JobSqlRow, jobFromSql, toSqlRecord } from './job.ts';
import type { JobDeps } from './job-deps.ts';
import { jobEnvironmentId, lostEnvironment } from './job-environment.ts';
import { type CreateJobInput, JOB_DEFAULTS } from './job-input.ts';
import { newSigningSecret } from './job-secret.ts';
import { recordVersionSql } from './job-versions.ts';

/**
 * Creates a job at version 1, with a signing secret of its own. FORBIDDEN without `jobs:write`, NOT_FOUND for another project,
 * BAD_REQUEST for an endpoint, a command or a schema that is refused, CONFLICT when a live job has the slug.
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
  const { rows } = await deps.pool
    .query<JobSqlRow>(INSERT_JOB, [JSON.stringify(toSqlRecord(record)), record.createdBy])
    .catch((error: unknown) => {
      throw lostEnvironment(error) ?? error;
    });
  if (!rows[0]) throw slugTaken(input.slug);
  // Nothing of the new job is remembered, but a search for it that began before it existed may still be shared.
  deps.jobCache.invalidate(actor.projectId);
  return jobFromSql(rows[0]);
}

/** The CONFLICT of a slug that a live job of the project has. */
export function slugTaken(slug: string): AppError {
  return new AppError('CONFLICT', `a job with slug "${slug}" already exists`);
}

/** Times are the database's: its clock, by the defaults of the columns. */
const { createdAt: _created, updatedAt: _updated, deletedAt: _deleted, ...GIVEN } = COLUMN_OF;
const GIVEN_COLUMNS = Object.values(GIVEN);

const INSERT_JOB = `
  with made as (
    insert into jobs (${GIVEN_COLUMNS.join(', ')})
    select ${GIVEN_COLUMNS.map((column) => `n.${column}`).join(', ')} from jsonb_populate_record(null::jobs, $1::jsonb) n
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
