import type { Pool } from 'pg';
import type { RunStatus } from '../../core/run-state.ts';
import type { StatusBefore } from './change-statement.ts';
import { type FeedCursor, isResumable, parseSnapshot } from './feed-cursor.ts';

/** Changes read at once; a reader that has more before it is better off looking at the runs themselves. */
const MAX_CHANGES = 20_000;

/** One change of a run, or a note that names none. */
export interface ChangeNote {
  readonly projectId: string;
  readonly xid: number;
  /** Null when `was` is 'any'. */
  readonly runId: string | null;
  /** The event that tells of it; several changes of one run are put in order by it. A change without an event comes after all others. */
  readonly seq: number;
  /** Null when the status did not change. */
  readonly was: StatusBefore | null;
  /** The status after; null when it did not change. */
  readonly becomes: RunStatus | null;
  /** Whether payload, metadata or idempotency key changed too. */
  readonly isData: boolean;
  readonly createdAt: Date;
}

/** What changed between two places in the feed. */
export interface ChangePage {
  readonly cursor: FeedCursor;
  /** Null when it cannot be told any more: notes may have been deleted, or there are too many. */
  readonly notes: readonly ChangeNote[] | null;
}

type Row = { snapshot: string; takenAtMs: string } & { [Column in keyof ChangeNote]: ChangeNote[Column] | null };

/** `is not null` says to the planner that the partial index of the feed has all such events. */
const unseenSql = (row: string): string =>
  `${row}.project_id is not null and ${row}.project_id = any ($1::text[]) and ${row}.xid >= $2::bigint and not pg_visible_in_snapshot(${row}.xid::text::xid8, $3::pg_snapshot)`;

/**
 * `$1` projects, `$2` the oldest transaction that the last snapshot had not seen the end of, `$3` that snapshot. The new snapshot is the
 * one of this very statement, so that the next reading begins exactly where this one ends.
 *
 * A run that is born queued is told by its first event, one that is started as it is born by its third, and a claim by the first of its
 * two events.
 */
const READ_SQL = `
select s.snapshot::text as snapshot, s.taken_at_ms as "takenAtMs", c.project_id as "projectId", c.xid::float8 as xid, c.run_id as "runId",
       c.seq, c.was, c.becomes, c.is_data as "isData", c.created_at as "createdAt"
  from (select pg_current_snapshot() as snapshot, (extract(epoch from now()) * 1000)::bigint as taken_at_ms) s
  left join lateral (
    select e.project_id, e.xid, e.run_id, e.seq,
           case when e.seq = 1 or (e.seq = 3 and e.from_status = 'dequeued') then 'new' else e.from_status end as was,
           case when e.to_status = 'dequeued' then 'executing' else e.to_status end as becomes,
           e.to_status is null or e.to_status = 'delayed' as is_data, e.created_at
      from run_events e where ${unseenSql('e')}
     union all
    select n.project_id, n.xid, u.run_id, 2147483647, n.was, null, true, n.created_at
      from run_changes n left join lateral unnest(n.run_ids) as u (run_id) on true where ${unseenSql('n')}
     limit ${MAX_CHANGES + 1}) c on true`;

/** Reads what changed in some projects since `after`; nothing but the present place in the feed when that is null. */
export async function readChanges(
  pool: Pool,
  from: { readonly projectIds: readonly string[]; readonly after: FeedCursor | null },
): Promise<ChangePage> {
  const { projectIds, after } = from;
  const { rows } = await pool.query<Row>({
    name: 'read-changes',
    text: READ_SQL,
    values: [after ? projectIds : [], after?.snapshot.xmin ?? 0, after?.snapshot.text ?? '1:1:'],
  });
  const [head] = rows;
  const snapshot = head && parseSnapshot(head.snapshot);
  if (!head || !snapshot) throw new Error(`the database told no snapshot: ${head?.snapshot}`);
  const cursor = { snapshot, takenAtMs: Number(head.takenAtMs) };
  if (rows.length > MAX_CHANGES || (after && !isResumable(after, cursor))) return { cursor, notes: null };
  // The columns of a note are null together, in the one row that says that there is none.
  return { cursor, notes: rows.filter(({ projectId }) => projectId !== null) as unknown as ChangeNote[] };
}

/** Minutes that a note without an event is kept: twice what a cursor lives, which leaves room for transactions that took long. */
const KEPT_MINUTES = 10;

/** Deletes up to `limit` notes that are past their keeping time; answers how many. */
export async function deleteOldChanges(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({
    name: 'prune-changes',
    text: `delete from run_changes c using (
             select project_id, xid, was from run_changes where created_at < now() - interval '${KEPT_MINUTES} minutes' limit $1) old
            where c.project_id = old.project_id and c.xid = old.xid and c.was = old.was`,
    values: [limit],
  });
  return rowCount ?? 0;
}
