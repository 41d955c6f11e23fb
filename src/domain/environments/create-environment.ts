import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import {
  type CreateEnvironmentInput,
  checkVariables,
  ENVIRONMENT_COLUMNS,
  type EnvironmentRow,
  MAX_ENVIRONMENTS,
} from './environment.ts';
import { checkParent, lockEnvironments } from './environment-chain.ts';
import type { EnvironmentDeps } from './environment-deps.ts';
import { requireEnvironmentId } from './find-environment.ts';

/**
 * Creates an environment. FORBIDDEN without `secrets:write`, NOT_FOUND for another project, BAD_REQUEST for an endpoint that is refused, a
 * parent that is none, and more than {@link MAX_ENVIRONMENTS}; CONFLICT when the slug is taken.
 */
export async function createEnvironment(
  actor: Actor,
  input: CreateEnvironmentInput,
  deps: EnvironmentDeps,
): Promise<EnvironmentRow> {
  requireScope(actor, 'secrets:write');
  const { projectId } = actor;
  if (input.projectId && input.projectId !== projectId) throw notFound('project');
  const variables = input.variables ?? {};
  checkVariables(variables, deps.endpointPolicy);
  const id = newId();
  return transact(deps.pool, async (client) => {
    await lockEnvironments(client, projectId);
    const parentId = input.parentId
      ? await requireEnvironmentId(client, { projectId, idOrSlug: input.parentId, field: 'parent_id' })
      : null;
    if (parentId !== null) await checkParent(client, { id, parentId });
    const { rows } = await client.query<EnvironmentRow>(
      `insert into environments (id, project_id, slug, name, parent_id, variables, created_by)
       select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from environments where project_id = $2) < ${MAX_ENVIRONMENTS}
       on conflict (project_id, slug) do nothing returning ${ENVIRONMENT_COLUMNS}`,
      [id, projectId, input.slug, input.name ?? input.slug, parentId, variables, actorName(actor)],
    );
    if (rows[0]) return rows[0];
    const { rowCount } = await client.query('select from environments where project_id = $1 and slug = $2', [
      projectId,
      input.slug,
    ]);
    throw rowCount
      ? new AppError('CONFLICT', `an environment with slug "${input.slug}" already exists`)
      : new AppError('BAD_REQUEST', `a project may have at most ${MAX_ENVIRONMENTS} environments`);
  });
}
