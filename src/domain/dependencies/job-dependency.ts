import type { DependencyCondition } from './met-statement.ts';

/** A job whose runs wait until the latest ended run of another job is as they need it. */
export interface JobDependency {
  readonly id: string;
  readonly projectId: string;
  readonly jobId: string;
  readonly dependsOnJobId: string;
  readonly condition: DependencyCondition;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** The columns of a {@link JobDependency} of a row `alias` of `job_dependencies`, or of what selects its columns. */
export function dependencyColumnsSql(alias: string): string {
  return `${alias}.id, ${alias}.project_id as "projectId", ${alias}.job_id as "jobId", ${alias}.depends_on_job_id as "dependsOnJobId",
    ${alias}.condition, ${alias}.created_by as "createdBy", ${alias}.created_at as "createdAt"`;
}
