import { z } from 'zod';
import { findJsonFault } from '../../core/json.ts';

/** A project as the domain hands it out. Null limits are no limits. */
export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly maxExecutingRuns: number | null;
  readonly maxQueuedRuns: number | null;
  readonly createdAt: Date;
}

/** A row of `projects` as {@link PROJECT_COLUMNS} selects it. */
export interface ProjectSqlRow {
  readonly id: string;
  readonly name: string;
  readonly max_executing_runs: number | null;
  readonly max_queued_runs: number | null;
  readonly created_at: Date;
}

/** The columns behind a {@link ProjectRow}, for `select` and `returning`. */
export const PROJECT_COLUMNS = 'id, name, max_executing_runs, max_queued_runs, created_at';

/** Turns a row of the database into the domain's. */
export function projectFromSql(row: ProjectSqlRow): ProjectRow {
  return {
    id: row.id,
    name: row.name,
    maxExecutingRuns: row.max_executing_runs,
    maxQueuedRuns: row.max_queued_runs,
    createdAt: row.created_at,
  };
}

/** What a project id must be, in words that follow a subject. */
export const PROJECT_ID_RULE = 'must be 1 to 63 characters of a-z, 0-9, _ and -, the first one a letter or a digit';

const PROJECT_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** True for a string that a project could be called by; anything else names none and must not reach the database. */
export function isProjectId(value: string): boolean {
  return PROJECT_ID.test(value);
}

/** The id of a project: a slug that people choose. */
export const ProjectId = z.string().regex(PROJECT_ID, PROJECT_ID_RULE);

/** The name of a project or an API key, for people. Postgres text can hold neither NUL nor half a surrogate pair. */
export const DisplayName = z
  .string()
  .max(255)
  .regex(/\S/, 'must not be blank')
  .refine((name) => findJsonFault(name) === null, 'must not contain a NUL character or a lone surrogate');

/** How many runs of a project may be in some state at once. */
export const RunLimit = z.int().min(1).max(1_000_000);
