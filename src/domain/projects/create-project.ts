import type pg from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { DisplayName, PROJECT_COLUMNS, ProjectId, type ProjectRow, type ProjectSqlRow, projectFromSql } from './project.ts';
import { QUOTA_COLUMNS, QuotaInputs, quotaPatch } from './quotas.ts';

/** What a new project is made from. */
export const CreateProjectInput = z.strictObject({
  id: ProjectId.describe('Slug of the project, chosen by you and fixed for good; unique in this installation.'),
  name: DisplayName.describe('Name of the project, for people.'),
  ...QuotaInputs,
});

/** The parsed form of {@link CreateProjectInput}. */
export type CreateProjectInput = z.infer<typeof CreateProjectInput>;

const QUOTAS = Object.values(QUOTA_COLUMNS).join(', ');

/** Creates a project. FORBIDDEN without `instance:admin`, CONFLICT when the id is taken. */
export async function createProject(
  actor: Actor,
  input: CreateProjectInput,
  deps: { readonly pool: pg.Pool },
): Promise<ProjectRow> {
  requireScope(actor, 'instance:admin');
  const { rows } = await deps.pool.query<ProjectSqlRow>(
    `insert into projects (id, name, ${QUOTAS})
     select $1, $2, ${QUOTAS} from jsonb_populate_record(null::projects, $3::jsonb)
     on conflict (id) do nothing
     returning ${PROJECT_COLUMNS}`,
    [input.id, input.name, quotaPatch(input)],
  );
  if (!rows[0]) throw new AppError('CONFLICT', `project "${input.id}" already exists`);
  return projectFromSql(rows[0]);
}
