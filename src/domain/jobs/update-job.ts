import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newVersionId } from '../../core/ids.ts';
import { noteAnyChangeSql } from '../changes/change-statement.ts';
import { badField, brokenConstraint, checkJob, jobFault } from './check-job.ts';
import { slugTaken } from './create-job.ts';
import { readJob } from './find-job.ts';
import { COLUMN_OF, JOB_COLUMNS, type JobRow, type JobSqlRow, jobFromSql, jobKeyColumn, toSqlRecord } from './job.ts';
import type { JobDeps } from './job-deps.ts';
import { jobEnvironmentId, lostEnvironment } from './job-environment.ts';
import { NEEDS_ENDPOINT, NEEDS_IMAGE, type UpdateJobInput } from './job-input.ts';
import { recordVersionSql } from './job-versions.ts';

/** Which job to change, by its id or slug, and how. */
export interface UpdateJob {
  readonly job: string;
  readonly changes: UpdateJobInput;
}

/**
 * Changes a job. Whatever changes its definition makes the next version of it; `enabled` or a secret alone does not, nor does a change to
 * what it already says. FORBIDDEN without `jobs:write`; NOT_FOUND for unknown, foreign and deleted jobs; BAD_REQUEST for an endpoint, a
 * command or a schema that is refused, for fields that do not go together, for the strategy `custom` without delays and for a mode without
 * its endpoint or command; CONFLICT when the slug is taken or the job is not at `expectedVersion`.
 */
export async function updateJob(actor: Actor, input: UpdateJob, deps: JobDeps): Promise<JobRow> {
  requireScope(actor, 'jobs:write');
  const key = jobKeyColumn(input.job);
  if (!key) throw notFound('job');
  const { expectedVersion, backwardsCompatible, ...asked } = input.changes;
  checkJob(asked, deps);
  const environmentId = await jobEnvironmentId(actor, asked.environmentId, deps);
  const changes = environmentId === undefined ? asked : { ...asked, environmentId };

  const patch = JSON.stringify(toSqlRecord(changes));
  const values = [
    patch,
    actorName(actor),
    actor.projectId,
    input.job,
    newVersionId(),
    expectedVersion ?? null,
    backwardsCompatible ?? false,
  ];
  const { rows } = await deps.pool.query<JobSqlRow>(UPDATE_JOB[key], values).catch((error: unknown) => {
    if (changes.slug !== undefined && brokenConstraint(error) === 'jobs_slug') throw slugTaken(changes.slug);
    throw lostEnvironment(error) ?? jobFault(error);
  });
  if (!rows[0]) throw await whyNot(actor, input, deps);
  deps.jobCache.invalidate(actor.projectId);
  return jobFromSql(rows[0]);
}

const SETTABLE_COLUMNS = [
  COLUMN_OF.slug,
  COLUMN_OF.name,
  COLUMN_OF.description,
  COLUMN_OF.enabled,
  COLUMN_OF.executionMode,
  COLUMN_OF.endpointUrl,
  COLUMN_OF.fallbackEndpointUrl,
  COLUMN_OF.environmentId,
  COLUMN_OF.imageUri,
  COLUMN_OF.machinePreset,
  COLUMN_OF.maxAttempts,
  COLUMN_OF.timeoutSecs,
  COLUMN_OF.heartbeatTimeoutSecs,
  COLUMN_OF.retryStrategy,
  COLUMN_OF.retryInitialDelaySecs,
  COLUMN_OF.retryMaxDelaySecs,
  COLUMN_OF.retryDelaysSecs,
  COLUMN_OF.retryPriorityBoost,
  COLUMN_OF.poisonPillThreshold,
  COLUMN_OF.maxConcurrency,
  COLUMN_OF.maxConcurrencyPerKey,
  COLUMN_OF.runTtlSecs,
  COLUMN_OF.rateLimitMax,
  COLUMN_OF.rateLimitWindowSecs,
  COLUMN_OF.dedupWindowSecs,
  COLUMN_OF.debounceWindowSecs,
  COLUMN_OF.batchWindowSecs,
  COLUMN_OF.batchMaxSize,
  COLUMN_OF.executionWindowCron,
  COLUMN_OF.timezone,
  COLUMN_OF.versionPolicy,
  COLUMN_OF.payloadSchema,
  COLUMN_OF.resultSchema,
  COLUMN_OF.tags,
  COLUMN_OF.defaultRunMetadata,
  COLUMN_OF.webhookUrl,
  COLUMN_OF.webhookSecret,
];

/** Columns that a change leaves at the same version: they are no part of the definition. */
const UNVERSIONED = [COLUMN_OF.enabled, COLUMN_OF.webhookSecret];

/**
 * Every expression reads the row that the update has locked, so racing updates add up: each gets a version of its own, and the history
 * has them all. `$1` holds the changed columns alone.
 */
const UPDATE_JOB = { id: updateSql('id'), slug: updateSql('slug') } as const;

function updateSql(key: 'id' | 'slug'): string {
  const next = 'jsonb_populate_record(j, $1::jsonb) n';
  const changed = (patch: string) => `to_jsonb(j) || ${patch} <> to_jsonb(j)`;
  const redefined = changed(`($1::jsonb - '{${UNVERSIONED.join(',')}}'::text[])`);
  return `
  with written as (
    update jobs j set
      (${SETTABLE_COLUMNS.join(', ')}) = (select ${SETTABLE_COLUMNS.map((column) => `n.${column}`).join(', ')} from ${next}),
      version = j.version + (${redefined})::integer,
      version_id = case when ${redefined} then $5 else j.version_id end,
      updated_at = case when ${changed('$1::jsonb')} then now() else j.updated_at end
    where j.project_id = $3 and j.${key} = $4 and j.deleted_at is null
      and ($6::integer is null or j.version = $6)
      and (select (n.retry_strategy <> 'custom' or cardinality(n.retry_delays_secs) > 0)
             and case n.execution_mode when 'http' then n.endpoint_url is not null else n.image_uri is not null end from ${next})
    returning *
  ), recorded as (
    ${recordVersionSql('written', 's.version_id = $5', '$7::boolean')}
  ), noted as (${noteAnyChangeSql(`written where $1::jsonb ? '${COLUMN_OF.slug}'`)})
  select ${JOB_COLUMNS} from written`;
}

/** Finds the reason for an update that met no row; the job may have changed meanwhile, then trying again is the answer. */
async function whyNot(actor: Actor, { job, changes }: UpdateJob, deps: JobDeps): Promise<AppError> {
  const current = await readJob(actor.projectId, job, deps.pool);
  const { expectedVersion } = changes;
  if (expectedVersion && current.version !== expectedVersion) {
    return new AppError(
      'CONFLICT',
      `the job is at version ${current.version}, not ${expectedVersion}: read it again and repeat the change`,
    );
  }
  const strategy = changes.retryStrategy ?? current.retryStrategy;
  const delays = changes.retryDelaysSecs ?? current.retryDelaysSecs;
  if (strategy === 'custom' && delays.length === 0) {
    return badField(COLUMN_OF.retryDelaysSecs, 'must not be empty with the retry strategy "custom"');
  }
  const mode = changes.executionMode ?? current.executionMode;
  if (mode === 'http' && !(changes.endpointUrl ?? current.endpointUrl)) return badField(COLUMN_OF.endpointUrl, NEEDS_ENDPOINT);
  if (mode === 'managed' && !(changes.imageUri ?? current.imageUri)) return badField(COLUMN_OF.imageUri, NEEDS_IMAGE);
  return new AppError('CONFLICT', 'the job was changed at the same moment: try again');
}
