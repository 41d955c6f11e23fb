import type pg from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { allows } from '../../auth/scopes.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isProjectId, PROJECT_COLUMNS, type ProjectRow, type ProjectSqlRow, projectFromSql } from './project.ts';

/** Reads a project that the actor can see; NOT_FOUND for any other, whether it exists or not. */
export async function getProject(actor: Actor, id: string, deps: { readonly pool: pg.Pool }): Promise<ProjectRow> {
  requireVisibleProject(actor, id);
  const { rows } = await deps.pool.query<ProjectSqlRow>(`select ${PROJECT_COLUMNS} from projects where id = $1`, [id]);
  if (!rows[0]) throw notFound('project');
  return projectFromSql(rows[0]);
}

/**
 * The `where` of the projects an actor can see: its own, or all of them for a holder of `instance:admin`. FORBIDDEN for the
 * token of a run, which reaches that run and nothing else.
 */
export function visibleProjects(actor: Actor): { readonly id?: string } {
  if (actor.kind !== 'key') throw new AppError('FORBIDDEN', 'the token of a run reaches that run only');
  return allows(actor.scopes, 'instance:admin') ? {} : { id: actor.projectId };
}

/**
 * Passes an id among the {@link visibleProjects}; NOT_FOUND for any other and for what cannot be an id. Says nothing about
 * existence.
 */
export function requireVisibleProject(actor: Actor, id: string): void {
  const visible = visibleProjects(actor);
  if (!isProjectId(id) || (visible.id !== undefined && visible.id !== id)) throw notFound('project');
}
