import type { Pool } from 'pg';
import { ACTIVE_STATUSES, type RunStatus } from '../../core/run-state.ts';

/** Beyond this many the number itself no longer matters, and counting would. */
const COUNTED = 100_000;
/** How far into the queue the oldest run that is not held back is looked for. */
const LOOKED_INTO = 1_000;

/** How the queue of a project stands. */
export interface QueueStats {
  readonly projectId: string;
  /** When it was counted, by the clock of the database. */
  readonly at: Date;
  /** Runs that have not ended, by status, each counted up to 100,000. */
  readonly counts: readonly { readonly status: RunStatus; readonly count: number }[];
  /** Since when the oldest run that could be claimed has been due; null when none is. */
  readonly oldestDueAt: Date | null;
  /** Runs that ended within the last minute. */
  readonly endedLastMinute: number;
}

interface CountedRow {
  at: Date;
  counts: Record<string, number>;
  oldest_due_at: Date | null;
}

const COUNT_SQL = `
select now() as at,
       (select json_object_agg(s.status, (select count(*)::int from (
          select from runs r where r.project_id = $1 and r.status = s.status limit ${COUNTED}) c))
          from unnest($2::text[]) as s (status)) as counts,
       (select coalesce(o.queued_at, o.created_at) from (
          select r.queued_at, r.created_at, r.hold from runs r where r.project_id = $1 and r.status = 'queued'
           order by r.created_at, r.id limit ${LOOKED_INTO}) o
         where o.hold is null order by o.created_at limit 1) as oldest_due_at`;

/** Counts the queue of a project; the cost is bounded whatever is in it. */
export async function countQueue(pool: Pool, projectId: string): Promise<Omit<QueueStats, 'projectId' | 'endedLastMinute'>> {
  const { rows } = await pool.query<CountedRow>({ name: 'count-queue', text: COUNT_SQL, values: [projectId, ACTIVE_STATUSES] });
  const [row] = rows;
  if (!row) throw new Error('counting a queue answered no row');
  const counts = ACTIVE_STATUSES.map((status) => ({ status, count: row.counts[status] ?? 0 }));
  return { at: row.at, counts, oldestDueAt: row.oldest_due_at };
}
