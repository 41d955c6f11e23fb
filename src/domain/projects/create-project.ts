import type pg from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import {
  DisplayName,
  PROJECT_COLUMNS,
  ProjectId,
  type ProjectRow,
  type ProjectSqlRow,
  projectFromSql,
  RunLimit,
} from './project.ts';

/** What a new project is made from. */
export const CreateProjectInput = z.strictObject({
  id: ProjectId.describe('Slug of the project, chosen by you and fixed for good; unique in this installation.'),
  name: DisplayName.describe('Name of the project, for people.'),
  maxExecutingRuns: RunLimit.nullish().describe(
    'How many runs of the project may execute at once; null or left out: any number.',
  ),
  maxQueuedRuns: RunLimit.nullish().describe('How many runs of the project may be queued at once; null or left out: any number.'),
});

/** The parsed form of {@link CreateProjectInput}. */
export type CreateProjectInput = z.infer<typeof CreateProjectInput>;

/** Creates a project. FORBIDDEN without `instance:admin`, CONFLICT when the id is taken. */
export async function createProject(
  actor: Actor,
  input: CreateProjectInput,
  deps: { readonly pool: pg.Pool },
): Promise<ProjectRow> {
  requireScope(actor, 'instance:admin');
  const { rows } = await deps.pool.query<ProjectSqlRow>(
    `insert into projects (id, name, max_executing_runs, max_queued_runs)
     values ($1, $2, $3, $4)
     on conflict (id) do nothing
     returning ${PROJECT_COLUMNS}`,
    [input.id, input.name, input.maxExecutingRuns ?? null, input.maxQueuedRuns ?? null],
  );
  if (!rows[0]) throw new AppError('CONFLICT', `project "${input.id}" already exists`);
  return projectFromSql(rows[0]);
}
