import type pg from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import type { JobCache } from '../jobs/job-cache.ts';
import { requireVisibleProject } from './get-project.ts';
import { DisplayName, PROJECT_COLUMNS, ProjectId, type ProjectRow, type ProjectSqlRow, projectFromSql } from './project.ts';
import { QUOTA_COLUMNS, QuotaInputs, quotaPatch } from './quotas.ts';

/** What to change in a project; what is left out stays, and null lifts a limit. */
export const UpdateProjectInput = z.strictObject({
  id: ProjectId.describe('Id of the project to change.'),
  name: DisplayName.optional().describe('New name of the project.'),
  ...QuotaInputs,
});

/** The parsed form of {@link UpdateProjectInput}. */
export type UpdateProjectInput = z.infer<typeof UpdateProjectInput>;

const QUOTAS = Object.values(QUOTA_COLUMNS).join(', ');

/** What changing projects works with. */
export interface ProjectDeps {
  readonly pool: pg.Pool;
  /** Remembers with every job what its project allows, so it is told. */
  readonly jobCache: Pick<JobCache, 'invalidate'>;
}

/**
 * Changes a project and returns it as it is now. NOT_FOUND for a project the actor cannot see, FORBIDDEN without
 * `instance:admin`: limits protect the installation from its tenants, so a tenant cannot lift its own.
 */
export async function updateProject(actor: Actor, input: UpdateProjectInput, deps: ProjectDeps): Promise<ProjectRow> {
  requireVisibleProject(actor, input.id);
  requireScope(actor, 'instance:admin');
  const { rows } = await deps.pool.query<ProjectSqlRow>(
    `update projects p
     set name = coalesce($2, p.name), (${QUOTAS}) = (select ${QUOTAS} from jsonb_populate_record(p, $3::jsonb) n)
     where p.id = $1
     returning ${PROJECT_COLUMNS}`,
    [input.id, input.name ?? null, quotaPatch(input)],
  );
  if (!rows[0]) throw notFound('project');
  deps.jobCache.invalidate(input.id);
  return projectFromSql(rows[0]);
}
