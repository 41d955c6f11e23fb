import type { Pool, PoolClient } from 'pg';
import { badEnvironment, environmentKeyColumn } from './environment.ts';

/** The id of an environment of a project by its id or slug; undefined when there is none. */
export async function findEnvironmentId(
  client: Pool | PoolClient,
  projectId: string,
  idOrSlug: string,
): Promise<string | undefined> {
  const column = environmentKeyColumn(idOrSlug);
  if (!column) return undefined;
  const { rows } = await client.query<{ id: string }>(`select id from environments where project_id = $1 and ${column} = $2`, [
    projectId,
    idOrSlug,
  ]);
  return rows[0]?.id;
}

/** As {@link findEnvironmentId}; BAD_REQUEST, naming the field, when there is none. */
export async function requireEnvironmentId(
  client: Pool | PoolClient,
  { projectId, idOrSlug, field }: { readonly projectId: string; readonly idOrSlug: string; readonly field: string },
): Promise<string> {
  const id = await findEnvironmentId(client, projectId, idOrSlug);
  if (id === undefined) throw badEnvironment(field, 'is not the id or slug of an environment of this project');
  return id;
}
