import type { Pool } from 'pg';

/** A server process as the others on its database know it. */
export interface Instance {
  readonly id: string;
  readonly role: 'all' | 'api' | 'worker';
  /** The graphile-worker pool it runs, under which its locks stand; null while it runs none. */
  readonly poolId: string | null;
}

/** Says that a process lives; answers whether others have said so within `silentMs`. */
export async function beat(pool: Pool, instance: Instance, silentMs: number): Promise<boolean> {
  const { rows } = await pool.query<{ peers: boolean }>({
    name: 'beat-instance',
    text: `insert into instances (id, role, pool_id) values ($1, $2, $3)
           on conflict (id) do update set beat_at = now(), pool_id = excluded.pool_id
           returning exists (select from instances i
                              where i.id <> $1 and i.beat_at > now() - $4::bigint * interval '1 millisecond') as peers`,
    values: [instance.id, instance.role, instance.poolId, silentMs],
  });
  return rows[0]?.peers ?? true;
}

/** Takes a process off the list: it ends in order. */
export async function leave(pool: Pool, id: string): Promise<void> {
  await pool.query('delete from instances where id = $1', [id]);
}

/**
 * Forgets processes that have been silent for `silentMs` and frees what their graphile-worker pools, or pools nobody remembers, still
 * hold locked; graphile-worker itself would wait four hours. Answers how many rings it freed.
 */
export async function releaseDeadPools(pool: Pool, silentMs: number): Promise<number> {
  const { rows } = await pool.query<{ freed: number }>({
    name: 'release-dead-pools',
    text: `
      with dead as (
        delete from instances where beat_at < now() - $1::bigint * interval '1 millisecond' returning pool_id
      ), orphaned as (
        select distinct j.locked_by as pool_id from graphile_worker._private_jobs j
         where j.locked_by is not null and j.locked_at < now() - $1::bigint * interval '1 millisecond'
           and not exists (select from instances i where i.pool_id = j.locked_by and i.beat_at >= now() - $1::bigint * interval '1 millisecond')
      ), freed as (
        select graphile_worker.force_unlock_workers(array_agg(p.pool_id)) as done from (
          select pool_id from dead where pool_id is not null union select pool_id from orphaned) p having count(*) > 0
      )
      select (select count(*) from orphaned)::int as freed, (select count(*) from freed) as called`,
    values: [silentMs],
  });
  return rows[0]?.freed ?? 0;
}
