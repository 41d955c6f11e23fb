import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { transact } from '../../db/transact.ts';
import { checkVariables, ENVIRONMENT_COLUMNS, type EnvironmentRow, type UpdateEnvironmentInput } from './environment.ts';
import { checkParent, lockEnvironments } from './environment-chain.ts';
import type { EnvironmentDeps } from './environment-deps.ts';
import { findEnvironmentId, requireEnvironmentId } from './find-environment.ts';

/**
 * Changes an environment; holds for runs dispatched from now on, in other processes within a second. FORBIDDEN without `secrets:write`,
 * NOT_FOUND for an unknown environment, BAD_REQUEST for an endpoint that is refused and for a parent that is none or takes from this one.
 */
export async function updateEnvironment(
  actor: Actor,
  { environment, changes }: { readonly environment: string; readonly changes: UpdateEnvironmentInput },
  deps: EnvironmentDeps,
): Promise<EnvironmentRow> {
  requireScope(actor, 'secrets:write');
  const { projectId } = actor;
  const { name, variables } = changes;
  if (variables) checkVariables(variables, deps.endpointPolicy);
  const updated = await transact(deps.pool, async (client) => {
    await lockEnvironments(client, projectId);
    const id = await findEnvironmentId(client, projectId, environment);
    if (id === undefined) throw notFound('environment');
    const parentId = changes.parentId
      ? await requireEnvironmentId(client, { projectId, idOrSlug: changes.parentId, field: 'parent_id' })
      : null;
    if (parentId !== null) await checkParent(client, { id, parentId });
    const { rows } = await client.query<EnvironmentRow>(
      `update environments set name = coalesce($3, name), variables = coalesce($4, variables), updated_at = now(),
              parent_id = case when $5::boolean then $6::uuid else parent_id end
        where id = $1 and project_id = $2 returning ${ENVIRONMENT_COLUMNS}`,
      [id, projectId, name ?? null, variables ?? null, changes.parentId !== undefined, parentId],
    );
    return rows[0];
  });
  deps.dispatchEnvironments.invalidate();
  // It was there under the lock that its deletion takes too.
  if (!updated) throw notFound('environment');
  return updated;
}
