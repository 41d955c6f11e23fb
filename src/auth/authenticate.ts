/**
 * Invariant: no answer is given to a call made 1 s or more after the database was asked for it. `askedAt` is taken before the
 * query is sent, so what the query saw is never older than `askedAt`, and a revocation committed at T is seen by every call from
 * T + 1 s on, in every process, without any message between them.
 */
import { timingSafeEqual } from 'node:crypto';
import type pg from 'pg';
import { AppError } from '../core/errors.ts';
import type { KeyActor } from './actor.ts';
import { hashApiKey, hasValidChecksum, MAX_API_KEY_LENGTH, MIN_API_KEY_LENGTH } from './api-key.ts';
import { SCOPES, type Scope } from './scopes.ts';

const MAX_AGE_MS = 1_000;
/**
 * 10 MB of live keys, 2 MB of unknown ones (measured). Unknown keys count too, so a flood of them cannot grow the process; keys
 * in use are touched and stay.
 */
const MAX_ENTRIES = 10_000;

/** What an authenticator needs. `now` is a clock in milliseconds that never jumps; only its differences matter. */
export interface AuthenticatorDeps {
  readonly pool: pg.Pool;
  readonly now?: () => number;
}

/** Says who an API key stands for; UNAUTHENTICATED, saying why, for one that works no more (reference semantics §1.1). */
export interface Authenticator {
  /** Who presented this key. Only who has the whole key learns that it once worked. Errors of the database propagate. */
  byKey(key: string): Promise<KeyActor>;
  /** The same for a key that was presented before, by the id of its record. */
  byId(keyId: string): Promise<KeyActor>;
}

/**
 * Makes an {@link Authenticator}, which costs one query per key and second however many requests carry it. Concurrent calls share that
 * query.
 */
export function makeAuthenticator({ pool, now = () => performance.now() }: AuthenticatorDeps): Authenticator {
  const entries = new Map<string, Entry>();

  return {
    async byKey(key) {
      if (!isPlausible(key)) throw refusal('invalid api key');
      const hash = hashApiKey(key);
      return actorOf(entryFor(hash.toString('base64'), () => findByHash(pool, hash)));
    },
    byId: (keyId) => actorOf(entryFor(keyId, () => findById(pool, keyId))),
  };

  async function actorOf(entry: Entry): Promise<KeyActor> {
    const found = await entry.answer;
    if (found === null) throw refusal('invalid api key');
    if (found.isRevoked) throw refusal('api key has been revoked');
    // Counted from `askedAt` although the database counted from a moment later: an expiring key ends early by the time of a
    // query, never late.
    const age = now() - entry.askedAt;
    if (age >= found.expiresInMs) throw refusal('api key has expired');
    if (age >= found.graceMs) throw refusal('api key rotation grace period has ended');
    return found.actor;
  }

  function entryFor(id: string, find: () => Promise<KnownKey | null>): Entry {
    const known = entries.get(id);
    const entry = known && now() - known.askedAt < MAX_AGE_MS ? known : ask(id, find);
    // A Map iterates in the order of insertion: moved to the end on every use, the first one is the least recently used.
    entries.delete(id);
    entries.set(id, entry);
    if (entries.size > MAX_ENTRIES) entries.delete(entries.keys().next().value ?? id);
    return entry;
  }

  function ask(id: string, find: () => Promise<KnownKey | null>): Entry {
    const entry: Entry = { askedAt: now(), answer: find() };
    // A failed query says nothing about the key, so it must not be remembered; those who wait for it get the error themselves.
    entry.answer.catch(() => {
      if (entries.get(id) === entry) entries.delete(id);
    });
    return entry;
  }
}

interface Entry {
  readonly askedAt: number;
  readonly answer: Promise<KnownKey | null>;
}

interface KnownKey {
  readonly actor: KeyActor;
  readonly isRevoked: boolean;
  /** Infinity for a key that does not expire. */
  readonly expiresInMs: number;
  /** Infinity for a key that was not rotated. */
  readonly graceMs: number;
}

interface KeySqlRow {
  readonly id: string;
  readonly project_id: string;
  readonly hash: Buffer;
  readonly scopes: readonly string[];
  readonly is_revoked: boolean;
  readonly expires_in_ms: number | null;
  readonly grace_ms: number | null;
}

const FIND_KEY = `
  select id, project_id, hash, scopes, revoked_at is not null as is_revoked,
         (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as expires_in_ms,
         (extract(epoch from grace_ends_at - clock_timestamp()) * 1000)::float8 as grace_ms
  from api_keys`;

async function findByHash(pool: pg.Pool, hash: Buffer): Promise<KnownKey | null> {
  const { rows } = await pool.query<KeySqlRow>(`${FIND_KEY} where hash = $1`, [hash]);
  const row = rows[0];
  return row && timingSafeEqual(row.hash, hash) ? keyFromSql(row) : null;
}

async function findById(pool: pg.Pool, keyId: string): Promise<KnownKey | null> {
  const { rows } = await pool.query<KeySqlRow>(`${FIND_KEY} where id = $1`, [keyId]);
  return rows[0] ? keyFromSql(rows[0]) : null;
}

function keyFromSql(row: KeySqlRow): KnownKey {
  const scopes = new Set(SCOPES.filter((scope: Scope) => row.scopes.includes(scope)));
  return {
    actor: { kind: 'key', projectId: row.project_id, keyId: row.id, scopes },
    isRevoked: row.is_revoked,
    expiresInMs: row.expires_in_ms ?? Number.POSITIVE_INFINITY,
    graceMs: row.grace_ms ?? Number.POSITIVE_INFINITY,
  };
}

function isPlausible(key: string): boolean {
  return key.length >= MIN_API_KEY_LENGTH && key.length <= MAX_API_KEY_LENGTH && hasValidChecksum(key);
}

function refusal(reason: string): AppError {
  return new AppError('UNAUTHENTICATED', reason);
}
