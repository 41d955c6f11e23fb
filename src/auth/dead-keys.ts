import type pg from 'pg';

/** Which of these API keys are revoked, expired or gone. */
export async function findDeadKeys(pool: pg.Pool, keyIds: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'dead-keys',
    text: `select i.id from unnest($1::uuid[]) as i (id) where not exists (
             select from api_keys k
              where k.id = i.id and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp()))`,
    values: [keyIds],
  });
  return rows.map(({ id }) => id);
}
