import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';

/** The ids of the latest moments of each of these schedules of the actor's project, the latest first and `limit` at most, in one look. */
export async function latestFiresOf(
  { projectId }: Pick<Actor, 'projectId'>,
  scheduleIds: readonly string[],
  limit: number,
  { reads }: { readonly reads: Pool },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await reads.query<{ readonly schedule_id: string; readonly ids: string[] }>({
    name: 'latest-fires',
    text: `select a.id as schedule_id, array(
             select f.id from schedule_fires f where f.schedule_id = a.id and f.project_id = $2 order by f.id desc limit $3) as ids
             from unnest($1::uuid[]) as a (id)`,
    values: [scheduleIds, projectId, limit],
  });
  return new Map(rows.map(({ schedule_id: id, ids }) => [id, ids]));
}
