import { hash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';

const RANDOM_BYTES = 32;
const LIFETIME_MINS = 15;

/**
 * Makes a token that opens one session in the name of a key, within 15 minutes; of it only the hash is kept, where every process finds it.
 * Forgets the tokens that nobody has redeemed in time.
 */
export async function createSignInToken(pool: Pool, keyId: string): Promise<string> {
  const token = randomBytes(RANDOM_BYTES).toString('base64url');
  await pool.query(
    `with outdated as (delete from sign_in_tokens where expires_at <= now())
     insert into sign_in_tokens (hash, key_id, expires_at) values ($1, $2, now() + interval '${LIFETIME_MINS} minutes')`,
    [digest(token), keyId],
  );
  return token;
}

/** Uses a token up; answers the id of its key, or null when there is no such token (any more). */
export async function redeemSignInToken(pool: Pool, token: string): Promise<string | null> {
  const { rows } = await pool.query<{ key_id: string; lives: boolean }>(
    'delete from sign_in_tokens where hash = $1 returning key_id, expires_at > now() as lives',
    [digest(token)],
  );
  return rows[0]?.lives ? rows[0].key_id : null;
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
