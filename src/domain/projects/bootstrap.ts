import type pg from 'pg';
import {
  apiKeyPrefix,
  hashApiKey,
  hasValidChecksum,
  MAX_API_KEY_LENGTH,
  MIN_API_KEY_LENGTH,
  mintApiKey,
} from '../../auth/api-key.ts';
import type { Scope } from '../../auth/scopes.ts';
import { newId } from '../../core/ids.ts';
import { isProjectId, PROJECT_ID_RULE } from './project.ts';

/** What the server is told at its start about its first project. `apiKey` is the admin key the operator chose, if any. */
export interface BootstrapInput {
  readonly projectId: string;
  readonly apiKey?: string | null | undefined;
}

/**
 * What became of the admin key: the operator's own is in place (`configured`); there was none and `key` is the new one, to be
 * shown once (`minted`); there was one (`existing`); or the operator's own was revoked or has expired and stays so (`dead`),
 * which is worth a warning and no more: an error would turn the next restart into an outage for everybody. `keyId` is its record's id.
 */
export type BootstrapResult =
  | { readonly kind: 'configured'; readonly keyId: string }
  | { readonly kind: 'minted'; readonly keyId: string; readonly key: string }
  | { readonly kind: 'existing'; readonly keyId: string }
  | { readonly kind: 'dead' };

const ADMIN_SCOPES: readonly Scope[] = ['*', 'instance:admin'];

/**
 * Sees to it that the first project and an admin key for it exist. Safe with any number of processes starting at once: the
 * project's row lock makes them take turns, so one key is minted, not one per process. Throws, in words for the operator, when
 * the project id or the chosen key cannot be used.
 */
export async function bootstrap(pool: pg.Pool, input: BootstrapInput): Promise<BootstrapResult> {
  if (!isProjectId(input.projectId)) {
    throw new Error(`"${input.projectId}" cannot be a project id: it ${PROJECT_ID_RULE}`);
  }
  const apiKey = input.apiKey ?? null;
  if (apiKey !== null) requireUsableKey(apiKey);

  const client = await pool.connect();
  try {
    await client.query('begin');
    await lockProject(client, input.projectId);
    const result =
      apiKey === null ? await mintUnlessOneLives(client, input.projectId) : await ensureKey(client, input.projectId, apiKey);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // Closing the connection ends its transaction too, also when the connection itself is what failed.
    client.release(true);
    throw error;
  }
}

async function lockProject(client: pg.PoolClient, projectId: string): Promise<void> {
  await client.query('insert into projects (id, name) values ($1, $1) on conflict (id) do nothing', [projectId]);
  await client.query('select from projects where id = $1 for update', [projectId]);
}

async function mintUnlessOneLives(client: pg.PoolClient, projectId: string): Promise<BootstrapResult> {
  const { rows } = await client.query<{ id: string }>(
    `select id from api_keys
     where project_id = $1 and scopes @> $2::text[] and revoked_at is null and (expires_at is null or expires_at > now())
     order by grace_ends_at nulls first, created_at, id
     limit 1`,
    [projectId, ADMIN_SCOPES],
  );
  if (rows[0]) return { kind: 'existing', keyId: rows[0].id };
  const { key } = mintApiKey();
  const keyId = newId();
  await insertAdminKey(client, { id: keyId, projectId, key });
  return { kind: 'minted', keyId, key };
}

async function ensureKey(client: pg.PoolClient, projectId: string, key: string): Promise<BootstrapResult> {
  await insertAdminKey(client, { id: newId(), projectId, key });
  const { rows } = await client.query<{ id: string; project_id: string; is_admin: boolean; is_dead: boolean }>(
    `select id, project_id, scopes @> $2::text[] as is_admin,
            revoked_at is not null or coalesce(least(expires_at, grace_ends_at) <= now(), false) as is_dead
     from api_keys where hash = $1`,
    [hashApiKey(key), ADMIN_SCOPES],
  );
  const found = rows[0];
  if (!found) throw new Error('the configured API key was removed while the server started; start it again');
  if (found.project_id !== projectId) {
    throw new Error(
      `the configured API key already belongs to project "${found.project_id}"; choose another one for "${projectId}"`,
    );
  }
  // Somebody created this key with fewer scopes for somebody; that its holder becomes an admin is not for a restart to decide.
  if (!found.is_admin) {
    throw new Error('the configured API key exists already and is not an admin key; choose another one');
  }
  return found.is_dead ? { kind: 'dead' } : { kind: 'configured', keyId: found.id };
}

async function insertAdminKey(
  client: pg.PoolClient,
  { id, projectId, key }: { readonly id: string; readonly projectId: string; readonly key: string },
): Promise<void> {
  await client.query(
    `insert into api_keys (id, project_id, name, prefix, hash, scopes, created_by)
     values ($1, $2, 'admin', $3, $4, $5, 'bootstrap')
     on conflict (hash) do nothing`,
    [id, projectId, apiKeyPrefix(key), hashApiKey(key), ADMIN_SCOPES],
  );
}

function requireUsableKey(key: string): void {
  if (key.length < MIN_API_KEY_LENGTH || key.length > MAX_API_KEY_LENGTH) {
    throw new Error(
      `the configured API key must have ${MIN_API_KEY_LENGTH} to ${MAX_API_KEY_LENGTH} characters, this one has ${key.length}`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(key)) throw new Error('the configured API key must be printable ASCII without spaces');
  if (!hasValidChecksum(key)) {
    throw new Error(
      'the configured API key starts with "baton_" but its checksum is wrong: a typo, or choose one that starts differently',
    );
  }
}
