import type { Pool } from 'pg';
import { FINAL_STATUSES, isFinal } from '../../core/run-state.ts';
import type { FeedCursor } from './feed-cursor.ts';
import type { ChangeNote } from './read-changes.ts';

const WINDOW_SECS = 60;
/** Changes that are looked at, newest first, for those of the last minute. */
const LOOKED_AT = 50_000;

/** How many runs of a project ended within the last minute: read once, then kept up by the feed instead of counted again and again. */
export interface EndedWindow {
  /** Takes what the feed says. */
  add(notes: readonly ChangeNote[]): void;
  /** Reads the last minute anew, as it was at a place in the feed; what the feed says after that place is to be added. */
  load(at: FeedCursor): Promise<void>;
  /** The runs that ended in the minute before `at`; what is older is forgotten. */
  count(at: Date): number;
}

const LOAD_SQL = `
select floor(extract(epoch from e.created_at))::int as second, count(*)::int as ended
  from (select x.created_at, x.to_status, x.xid from run_events x
         where x.project_id is not null and x.project_id = $1 order by x.xid desc limit ${LOOKED_AT}) e
 where e.to_status = any ($2::text[]) and e.created_at > now() - interval '${WINDOW_SECS} seconds'
   and pg_visible_in_snapshot(e.xid::text::xid8, $3::pg_snapshot)
 group by 1`;

/** Makes an {@link EndedWindow} that knows of nothing yet. Its memory is one number per second. */
export function makeEndedWindow(pool: Pool, projectId: string): EndedWindow {
  const bySecond = new Map<number, number>();
  const count = (second: number, ended: number): void => void bySecond.set(second, (bySecond.get(second) ?? 0) + ended);

  return {
    add(notes) {
      for (const { becomes, createdAt } of notes) if (becomes && isFinal(becomes)) count(secondOf(createdAt), 1);
    },
    async load({ snapshot }) {
      const { rows } = await pool.query<{ second: number; ended: number }>(LOAD_SQL, [projectId, FINAL_STATUSES, snapshot.text]);
      for (const { second, ended } of rows) count(second, ended);
    },
    count(at) {
      const oldest = secondOf(at) - WINDOW_SECS;
      let sum = 0;
      for (const [second, ended] of bySecond) {
        if (second <= oldest) bySecond.delete(second);
        else sum += ended;
      }
      return sum;
    },
  };
}

function secondOf(moment: Date): number {
  return Math.floor(moment.getTime() / 1_000);
}
