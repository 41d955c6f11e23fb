import type pg from 'pg';
import { z } from 'zod';
import { type Actor, actorName, type KeyActor, requireScope } from '../../auth/actor.ts';
import { mintApiKey } from '../../auth/api-key.ts';
import { ROLES, SCOPES_OF_ROLE } from '../../auth/roles.ts';
import { SCOPES, type Scope } from '../../auth/scopes.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { API_KEY_COLUMNS, type ApiKeyRow, type ApiKeySqlRow, apiKeyFromSql } from './api-key-row.ts';
import { requireVisibleProject } from './get-project.ts';
import { DisplayName, ProjectId } from './project.ts';

/** What a new API key is made from. */
export const CreateApiKeyInput = z.strictObject({
  projectId: ProjectId.nullish().describe('Project the key belongs to; the project of the calling key when left out.'),
  name: DisplayName.describe('What the key is for, for people.'),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .max(SCOPES.length)
    .nullish()
    .describe(
      'What the key may do, within what the calling key may do; left out: all that the calling key may, except instance:admin.',
    ),
  role: z.enum(ROLES).nullish().describe('A role instead of scopes: the key may do what the role may do today.'),
  expiresInDays: z
    .int()
    .min(1)
    .max(3_650)
    .nullish()
    .describe('After how many days of 24 hours the key stops working; left out: never.'),
});

/** The parsed form of {@link CreateApiKeyInput}. */
export type CreateApiKeyInput = z.infer<typeof CreateApiKeyInput>;

/** A new API key: what is stored of it, and the key itself, which nobody can ever read again. */
export interface CreatedApiKey {
  readonly row: ApiKeyRow;
  readonly key: string;
}

/**
 * Creates an API key. FORBIDDEN without `api-keys:manage` or when a scope is asked for, by itself or by a role, that the caller does
 * not hold; BAD_REQUEST for both scopes and a role; NOT_FOUND for a project that is unknown, or another one's to a caller without `instance:admin`.
 */
export async function createApiKey(
  actor: Actor,
  input: CreateApiKeyInput,
  deps: { readonly pool: pg.Pool },
): Promise<CreatedApiKey> {
  requireKeyManager(actor);
  const projectId = input.projectId ?? actor.projectId;
  requireVisibleProject(actor, projectId);
  const scopes = scopesOf(actor, input);
  for (const scope of scopes) requireScope(actor, scope);

  const { key, prefix, hash } = mintApiKey();
  const { rows } = await deps.pool.query<ApiKeySqlRow>(
    `insert into api_keys (id, project_id, name, prefix, hash, scopes, created_by, expires_at, role)
     select $1, projects.id, $3, $4, $5, $6, $7, now() + $8::integer * interval '24 hours', $9
     from projects
     where projects.id = $2
     returning ${API_KEY_COLUMNS}`,
    [newId(), projectId, input.name, prefix, hash, scopes, actorName(actor), input.expiresInDays ?? null, input.role ?? null],
  );
  if (!rows[0]) throw notFound('project');
  return { row: apiKeyFromSql(rows[0]), key };
}

/** Passes an actor that may manage API keys, which is always a key itself; FORBIDDEN for any other. */
export function requireKeyManager(actor: Actor): asserts actor is KeyActor {
  requireScope(actor, 'api-keys:manage');
}

/** What the key may do, all of which is checked against what the caller may do: BAD_REQUEST when it is said twice. */
function scopesOf(actor: KeyActor, { scopes, role }: Pick<CreateApiKeyInput, 'scopes' | 'role'>): readonly Scope[] {
  if (role && scopes) throw new AppError('BAD_REQUEST', 'give a role or scopes, not both');
  if (role) return SCOPES_OF_ROLE[role];
  return scopes ? [...new Set(scopes)] : inheritableScopes(actor);
}

/** `instance:admin` reaches beyond the project, so a key carries it only when somebody asked for it by name. */
function inheritableScopes(actor: KeyActor): Scope[] {
  return SCOPES.filter((scope) => scope !== 'instance:admin' && actor.scopes.has(scope));
}
