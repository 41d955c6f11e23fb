import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { transact } from '../../db/transact.ts';
import { ENVIRONMENT_COLUMNS, type EnvironmentRow } from './environment.ts';
import { lockEnvironments } from './environment-chain.ts';
import type { EnvironmentDeps } from './environment-deps.ts';
import { findEnvironmentId } from './find-environment.ts';

/** How many users of an environment an error names. */
const NAMED = 5;

/**
 * Deletes an environment with its secrets. FORBIDDEN without `secrets:write`, NOT_FOUND for an unknown environment, CONFLICT while a job
 * runs in it or another environment takes from it.
 */
export async function deleteEnvironment(
  actor: Actor,
  environment: string,
  deps: Pick<EnvironmentDeps, 'pool' | 'dispatchEnvironments'>,
): Promise<EnvironmentRow> {
  requireScope(actor, 'secrets:write');
  const deleted = await transact(deps.pool, async (client) => {
    await lockEnvironments(client, actor.projectId);
    const id = await findEnvironmentId(client, actor.projectId, environment);
    if (id === undefined) throw notFound('environment');
    // A deleted job stays where its runs can find it, and must not keep the environment.
    await client.query('update jobs set environment_id = null where environment_id = $1 and deleted_at is not null', [id]);
    // Locked, so that no job begins to run in it between the look and the deletion.
    await client.query('select from environments where id = $1 for update', [id]);
    const { rows: users } = await client.query<{ name: string }>(
      `select 'job ' || slug as name from jobs where environment_id = $1
        union all select 'environment ' || slug from environments where parent_id = $1 limit ${NAMED + 1}`,
      [id],
    );
    if (users.length > 0) throw inUse(users.map(({ name }) => name));
    const { rows } = await client.query<EnvironmentRow>(
      `delete from environments where id = $1 returning ${ENVIRONMENT_COLUMNS}`,
      [id],
    );
    return rows[0];
  });
  deps.dispatchEnvironments.invalidate();
  if (!deleted) throw notFound('environment');
  return deleted;
}

function inUse(users: readonly string[]): AppError {
  const names = `${users.slice(0, NAMED).join(', ')}${users.length > NAMED ? ', …' : ''}`;
  return new AppError('CONFLICT', `the environment is in use (${names}): take these out of it first`);
}
