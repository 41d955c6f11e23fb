import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { MAX_INT32 } from '../../core/schemas.ts';
import { readJob } from './find-job.ts';
import { COLUMN_OF, type JobDefinition, type JobRow } from './job.ts';
import type { JobReadDeps } from './job-deps.ts';
import { JOB_DEFAULTS } from './job-input.ts';

/** What a job said at one of its versions. */
export interface JobVersion {
  readonly jobId: string;
  readonly version: number;
  readonly versionId: string;
  readonly definition: JobDefinition;
  /** Whether runs of the version before may go on with it. */
  readonly backwardsCompatible: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** Columns of `jobs` that are no part of a definition, as a literal of SQL. */
const UNVERSIONED = (
  [
    'id',
    'projectId',
    'enabled',
    'signingSecret',
    'webhookSecret',
    'dependencyCount',
    'dependentCount',
    'version',
    'versionId',
    'createdBy',
    'createdAt',
    'updatedAt',
    'deletedAt',
  ] as const
).map((field) => COLUMN_OF[field]);

/**
 * The CTE that writes the history of a job beside the change itself, so that neither is ever seen without the other. Who made the
 * change is `$2` of the whole statement.
 *
 * @param source the CTE that returns the rows of `jobs` after a change
 * @param condition which of them are at a new version
 * @param compatible SQL of whether runs of the version before may go on with it
 */
export function recordVersionSql(source: string, condition: string, compatible = 'false'): string {
  return `insert into job_versions (job_id, version, version_id, definition, backwards_compatible, created_by)
    select s.id, s.version, s.version_id, to_jsonb(s) - '{${UNVERSIONED.join(',')}}'::text[], ${compatible}, $2
    from ${source} s where ${condition}`;
}

/** Which versions of a job to list. */
export const JobVersionsInput = z.strictObject({
  job: z.string().describe('Id or slug of the job.'),
  before: z.int().min(1).max(MAX_INT32).nullish().describe('Only versions below this one: the last version of the page before.'),
  limit: z.int().min(1).max(100).nullish().describe('How many versions at most; 50 when left out.'),
});

/** The parsed form of {@link JobVersionsInput}. */
export type JobVersionsInput = z.infer<typeof JobVersionsInput>;

/** Lists the versions of a job, newest first. NOT_FOUND as for `findJob`; FORBIDDEN without `jobs:read`. */
export async function listJobVersions(actor: Actor, input: JobVersionsInput, deps: JobReadDeps): Promise<JobVersion[]> {
  requireScope(actor, 'jobs:read');
  const job = await readJob(actor.projectId, input.job, deps.pool);
  const { rows } = await deps.pool.query<JobVersionSqlRow>(
    `select job_id, version, version_id, definition, backwards_compatible, created_by, created_at
     from job_versions
     where job_id = $1 and version < $2
     order by version desc
     limit $3`,
    [job.id, input.before ?? MAX_INT32, input.limit ?? 50],
  );
  return rows.map(versionFromSql);
}

interface JobVersionSqlRow {
  readonly job_id: string;
  readonly version: number;
  readonly version_id: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly backwards_compatible: boolean;
  readonly created_by: string;
  readonly created_at: Date;
}

function versionFromSql(row: JobVersionSqlRow): JobVersion {
  return {
    jobId: row.job_id,
    version: row.version,
    versionId: row.version_id,
    definition: definitionFromSql(row.definition),
    backwardsCompatible: row.backwards_compatible,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

/** A definition stored before a column existed lacks it; the column's default is what the job meant. */
export function definitionFromSql(definition: JobVersionSqlRow['definition']): JobDefinition {
  const stored = Object.entries(COLUMN_OF)
    .filter(([, column]) => column in definition)
    .map(([field, column]) => [field, definition[column]]);
  // Written by recordVersionSql from a row of jobs, whose columns have the types of JobRow.
  return { ...JOB_DEFAULTS, ...(Object.fromEntries(stored) as Pick<JobRow, keyof JobDefinition>) };
}
