import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { EnvironmentDeps } from '../environments/environment-deps.ts';
import { sealContext } from '../environments/seal-context.ts';
import { SECRET_COLUMNS, type SecretRow, shownPrefix } from './secret.ts';

type ChangeDeps = Pick<EnvironmentDeps, 'pool' | 'box' | 'dispatchEnvironments'>;

/**
 * Gives a secret a new value; dispatches carry it from now on, those of other processes within a second. FORBIDDEN without
 * `secrets:write`, NOT_FOUND for an unknown secret.
 */
export async function rotateSecret(
  actor: Actor,
  { id, value }: { readonly id: string; readonly value: string },
  deps: ChangeDeps,
): Promise<SecretRow> {
  requireScope(actor, 'secrets:write');
  if (!isUuid(id)) throw notFound('secret');
  const { rows } = await deps.pool.query<SecretRow>(
    `update secrets set sealed = $3, prefix = $4, updated_at = now()
      where id = $1 and project_id = $2 returning ${SECRET_COLUMNS}`,
    [id, actor.projectId, deps.box.seal(value, sealContext(actor.projectId, id)), shownPrefix(value)],
  );
  deps.dispatchEnvironments.invalidate();
  if (!rows[0]) throw notFound('secret');
  return rows[0];
}

/** Deletes a secret for good. FORBIDDEN without `secrets:write`, NOT_FOUND for an unknown secret. */
export async function deleteSecret(
  actor: Actor,
  id: string,
  deps: Pick<ChangeDeps, 'pool' | 'dispatchEnvironments'>,
): Promise<SecretRow> {
  requireScope(actor, 'secrets:write');
  if (!isUuid(id)) throw notFound('secret');
  const { rows } = await deps.pool.query<SecretRow>(
    `delete from secrets where id = $1 and project_id = $2 returning ${SECRET_COLUMNS}`,
    [id, actor.projectId],
  );
  deps.dispatchEnvironments.invalidate();
  if (!rows[0]) throw notFound('secret');
  return rows[0];
}
