import type pg from 'pg';
import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { mintApiKey } from '../../auth/api-key.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { API_KEY_COLUMNS, type ApiKeySqlRow, apiKeyFromSql } from './api-key-row.ts';
import type { CreatedApiKey } from './create-api-key.ts';
import { findApiKey } from './revoke-api-key.ts';

const DEFAULT_GRACE_MINUTES = 60;
/** A week. */
const MAX_GRACE_MINUTES = 10_080;

/** How a key is rotated. */
export const RotateApiKeyInput = z.strictObject({
  gracePeriodMinutes: z
    .int()
    .min(0)
    .max(MAX_GRACE_MINUTES)
    .nullish()
    .describe('For how many minutes the old key works beside the new one: 0 to 10,080, 60 when left out.'),
});

/**
 * Makes a key that takes the place of another: same project, name, scopes and role, and the same time to live from now on. The old one
 * works beside it until the grace period ends. FORBIDDEN without `api-keys:manage` and every scope of the key, or somebody could give
 * himself what he does not have; NOT_FOUND for a key the actor cannot see; CONFLICT for one that works no more or was rotated before.
 */
export async function rotateApiKey(
  actor: Actor,
  input: { readonly id: string } & z.output<typeof RotateApiKeyInput>,
  deps: { readonly pool: pg.Pool },
): Promise<CreatedApiKey> {
  // What a key may do never changes, so nothing can come between this check and the statement.
  const old = await findApiKey(actor, input.id, deps.pool);
  for (const scope of old.scopes) requireScope(actor, scope);
  const { key, prefix, hash } = mintApiKey();
  const { rows } = await deps.pool.query<ApiKeySqlRow>(ROTATE_SQL, [
    old.id,
    newId(),
    prefix,
    hash,
    actorName(actor),
    input.gracePeriodMinutes ?? DEFAULT_GRACE_MINUTES,
  ]);
  if (rows[0]) return { row: apiKeyFromSql(rows[0]), key };
  throw whyNot(await findApiKey(actor, old.id, deps.pool));
}

/** One statement, so that of two rotations at once one finds the key rotated: the row is locked before it is looked at. */
const ROTATE_SQL = `
with old as materialized (
  select * from api_keys where id = $1 and rotated_to is null and revoked_at is null and (expires_at is null or expires_at > now()) for update
), made as (
  insert into api_keys (id, project_id, name, prefix, hash, scopes, role, created_by, expires_at)
  select $2, project_id, name, $3, $4, scopes, role, $5, now() + (expires_at - created_at) from old
  returning ${API_KEY_COLUMNS}
), rotated as (
  update api_keys set rotated_to = $2, grace_ends_at = now() + $6::integer * interval '1 minute' where id in (select id from old)
)
select * from made`;

function whyNot({ revokedAt, graceEndsAt }: { readonly revokedAt: Date | null; readonly graceEndsAt: Date | null }): AppError {
  if (revokedAt) return new AppError('CONFLICT', 'api key has been revoked: create a new one');
  if (graceEndsAt) return new AppError('CONFLICT', 'api key was rotated before: rotate the one that took its place');
  return new AppError('CONFLICT', 'api key has expired: create a new one');
}
