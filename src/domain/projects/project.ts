import { z } from 'zod';
import { findJsonFault } from '../../core/json.ts';
import { type ProjectQuotas, QUOTA_COLUMNS } from './quotas.ts';

/** A project as the domain hands it out. */
export interface ProjectRow extends ProjectQuotas {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** A row of `projects` as {@link PROJECT_COLUMNS} selects it. */
export interface ProjectSqlRow {
  readonly id: string;
  readonly name: string;
  readonly max_executing_runs: number | null;
  readonly max_queued_runs: number | null;
  readonly max_jobs: number | null;
  readonly max_active_event_triggers: number | null;
  /** pg hands out what may exceed a double as text. */
  readonly max_daily_cost_microusd: string | null;
  readonly max_cost_per_run_microusd: string | null;
  readonly created_at: Date;
}

/** The columns behind a {@link ProjectRow}, for `select` and `returning`. */
export const PROJECT_COLUMNS = `id, name, ${Object.values(QUOTA_COLUMNS).join(', ')}, created_at`;

/** Turns a row of the database into the domain's. */
export function projectFromSql(row: ProjectSqlRow): ProjectRow {
  return {
    id: row.id,
    name: row.name,
    maxExecutingRuns: row.max_executing_runs,
    maxQueuedRuns: row.max_queued_runs,
    maxJobs: row.max_jobs,
    maxActiveEventTriggers: row.max_active_event_triggers,
    maxDailyCostMicrousd: bigintOf(row.max_daily_cost_microusd),
    maxCostPerRunMicrousd: bigintOf(row.max_cost_per_run_microusd),
    createdAt: row.created_at,
  };
}

function bigintOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
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
