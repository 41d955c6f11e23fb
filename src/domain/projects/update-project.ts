import type pg from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { requireVisibleProject } from './get-project.ts';
import {
  DisplayName,
  PROJECT_COLUMNS,
  ProjectId,
  type ProjectRow,
  type ProjectSqlRow,
  projectFromSql,
  RunLimit,
} from './project.ts';

/** What to change in a project; what is left out stays. */
export const UpdateProjectInput = z.strictObject({
  id: ProjectId.describe('Id of the project to change.'),
  name: DisplayName.optional().describe('New name of the project.'),
  maxExecutingRuns: RunLimit.nullable()
    .optional()
    .describe('How many runs of the project may execute at once; null lifts the limit.'),
  maxQueuedRuns: RunLimit.nullable()
    .optional()
    .describe('How many runs of the project may be queued at once; null lifts the limit.'),
});

/** The parsed form of {@link UpdateProjectInput}. */
export type UpdateProjectInput = z.infer<typeof UpdateProjectInput>;

/**
 * Changes a project and returns it as it is now. NOT_FOUND for a project the actor cannot see, FORBIDDEN without
 * `instance:admin`: limits protect the installation from its tenants, so a tenant cannot lift its own.
 */
export async function updateProject(
  actor: Actor,
  input: UpdateProjectInput,
  deps: { readonly pool: pg.Pool },
): Promise<ProjectRow> {
  requireVisibleProject(actor, input.id);
  requireScope(actor, 'instance:admin');
  const { rows } = await deps.pool.query<ProjectSqlRow>(
    `update projects
     set name = coalesce($2, name),
         max_executing_runs = case when $3::boolean then $4::integer else max_executing_runs end,
         max_queued_runs = case when $5::boolean then $6::integer else max_queued_runs end
     where id = $1
     returning ${PROJECT_COLUMNS}`,
    [
      input.id,
      input.name ?? null,
      input.maxExecutingRuns !== undefined,
      input.maxExecutingRuns ?? null,
      input.maxQueuedRuns !== undefined,
      input.maxQueuedRuns ?? null,
    ],
  );
  if (!rows[0]) throw notFound('project');
  return projectFromSql(rows[0]);
}
