import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { environmentKeyColumn } from './environment.ts';
import { chainSql } from './environment-chain.ts';

/** The `where` of the environments that an actor can see. */
export function visibleEnvironments(actor: Actor): { readonly projectId: string } {
  return { projectId: actor.projectId };
}

/** The `where` of one of them by its id or slug; NOT_FOUND for what can be neither. */
export function visibleEnvironment(
  actor: Actor,
  idOrSlug: string,
): { readonly projectId: string; readonly id?: string; readonly slug?: string } {
  const column = environmentKeyColumn(idOrSlug);
  if (!column) throw notFound('environment');
  return { projectId: actor.projectId, ...(column === 'id' ? { id: idOrSlug } : { slug: idOrSlug }) };
}

/** What an environment says, with what it takes from others. */
export async function resolvedVariables(
  actor: Actor,
  environmentId: string,
  deps: { readonly pool: Pool },
): Promise<Record<string, string>> {
  const { rows } = await deps.pool.query<{ variables: Record<string, string> }>(
    `with recursive ${chainSql('$2', '$1')} select variables from chain order by depth desc`,
    [environmentId, actor.projectId],
  );
  return Object.assign({}, ...rows.map(({ variables }) => variables)) as Record<string, string>;
}
