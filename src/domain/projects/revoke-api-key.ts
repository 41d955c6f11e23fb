import type pg from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { API_KEY_COLUMNS, type ApiKeyRow, type ApiKeySqlRow, apiKeyFromSql } from './api-key-row.ts';
import { visibleApiKeys } from './visible-api-keys.ts';

/**
 * Revokes an API key for good; every process refuses it within a second. Revoking it again changes nothing and returns the same
 * row. FORBIDDEN without `api-keys:manage`, and for a key with `instance:admin` without that scope (or any manager of one project
 * could lock the operator out); NOT_FOUND for a key the actor cannot see.
 */
export async function revokeApiKey(actor: Actor, id: string, deps: { readonly pool: pg.Pool }): Promise<ApiKeyRow> {
  // Scopes of a key never change, so nothing can come between this check and the update.
  const found = await findApiKey(actor, id, deps.pool);
  if (found.scopes.includes('instance:admin')) requireScope(actor, 'instance:admin');
  const { rows } = await deps.pool.query<ApiKeySqlRow>(
    `update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 and project_id = $2 returning ${API_KEY_COLUMNS}`,
    [id, found.projectId],
  );
  if (!rows[0]) throw notFound('api key');
  return apiKeyFromSql(rows[0]);
}

/** Reads a key. FORBIDDEN without `api-keys:manage`, NOT_FOUND for one the actor cannot see. */
export async function findApiKey(actor: Actor, id: string, pool: pg.Pool): Promise<ApiKeyRow> {
  const { projectId } = visibleApiKeys(actor);
  if (!isUuid(id)) throw notFound('api key');
  const { rows } = await pool.query<ApiKeySqlRow>(
    `select ${API_KEY_COLUMNS} from api_keys where id = $1 and ($2::text is null or project_id = $2)`,
    [id, projectId ?? null],
  );
  if (!rows[0]) throw notFound('api key');
  return apiKeyFromSql(rows[0]);
}
