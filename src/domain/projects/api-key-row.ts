import { ROLES, type Role } from '../../auth/roles.ts';
import { SCOPES, type Scope } from '../../auth/scopes.ts';

/** An API key as the domain hands it out; the hash stays in the database. */
export interface ApiKeyRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  /** The start of the key, for people to recognise it by. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  /** The role it was made with; null for one that was made from scopes. */
  readonly role: Role | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Null for a key that does not expire. */
  readonly expiresAt: Date | null;
  /** Null for a key that works. */
  readonly revokedAt: Date | null;
  /** The key that took its place, and until when it works beside that one; null for a key that was not rotated. */
  readonly rotatedToId: string | null;
  readonly graceEndsAt: Date | null;
}

/** A row of `api_keys` as {@link API_KEY_COLUMNS} selects it. */
export interface ApiKeySqlRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly role: string | null;
  readonly rotated_to: string | null;
  readonly grace_ends_at: Date | null;
}

/** The columns behind an {@link ApiKeyRow}, for `select` and `returning`. */
export const API_KEY_COLUMNS =
  'id, project_id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, role, rotated_to, grace_ends_at';

/** Turns a row of the database into the domain's. A scope that this version does not know grants nothing and is left out. */
export function apiKeyFromSql(row: ApiKeySqlRow): ApiKeyRow {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    prefix: row.prefix,
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    role: ROLES.find((role) => role === row.role) ?? null,
    rotatedToId: row.rotated_to,
    graceEndsAt: row.grace_ends_at,
  };
}
