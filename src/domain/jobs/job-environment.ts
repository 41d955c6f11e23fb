import type { Actor } from '../../auth/actor.ts';
import type { AppError } from '../../core/errors.ts';
import { requireEnvironmentId } from '../environments/find-environment.ts';
import { badField } from './check-job.ts';
import { COLUMN_OF } from './job.ts';
import type { JobReadDeps } from './job-deps.ts';

/**
 * The id of the environment that a job is to run in, which its writer may have called by its slug; null and undefined stay what they are.
 * BAD_REQUEST for one that is none of the project.
 */
export async function jobEnvironmentId(
  actor: Actor,
  idOrSlug: string | null | undefined,
  deps: JobReadDeps,
): Promise<string | null | undefined> {
  if (idOrSlug == null) return idOrSlug;
  return requireEnvironmentId(deps.pool, { projectId: actor.projectId, idOrSlug, field: COLUMN_OF.environmentId });
}

/** The BAD_REQUEST of an environment that was deleted while its job was written; null for any other error. */
export function lostEnvironment(error: unknown): AppError | null {
  const isLost = error instanceof Error && 'constraint' in error && error.constraint === 'jobs_environment_id_fkey';
  return isLost ? badField(COLUMN_OF.environmentId, 'is not the id or slug of an environment of this project') : null;
}
