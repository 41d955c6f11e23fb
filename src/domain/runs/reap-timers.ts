import type { Pool } from 'pg';
import { cancelOrphans } from './cancel.ts';
import type { RunDeps } from './deps.ts';
import { findDueRuns, promoteRuns } from './promote.ts';
import { ACTIVE_SQL, FINAL_SQL } from './transition-statement.ts';
import { settleWaits } from './waits.ts';

type TimerDeps = Pick<RunDeps, 'engine' | 'transitions' | 'hub' | 'dependencies'>;

/** Lets delayed runs go on whose moment has come. */
export async function promoteDelayed(limit: number, deps: TimerDeps): Promise<number> {
  const due = await findDueRuns(limit, deps);
  await promoteRuns(due, deps);
  return due.length;
}

/** Makes retries whose back-off is over, and runs that were snoozed for long enough, claimable. Not a status change: they are only held. */
export async function releaseRetries(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({
    name: 'release-retries',
    text: `update runs set hold = null, wake_at = null
            where id in (select id from runs where wake_at <= now() and status = 'queued' and (hold = 'retry' or hold like 'circuit:%')
                          order by wake_at limit $1 for update skip locked)`,
    values: [limit],
  });
  return rowCount ?? 0;
}

/** Expires runs that nobody started in time. A run that was claimed once does not expire: it would vanish between two attempts. */
export async function expireRuns(limit: number, deps: TimerDeps): Promise<number> {
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'due-expiries',
    text: `select id from runs where expires_at <= now() and status in ('delayed', 'queued') and epoch = 0
            order by expires_at limit $1`,
    values: [limit],
  });
  await deps.transitions.many(
    rows.map((row) => ({
      runId: row.id,
      epoch: 0,
      event: 'expire',
      message: 'run expired',
      error: 'run expired',
      level: 'warn',
    })),
  );
  return rows.length;
}

/**
 * Times out runs whose wait took too long, expires those that waited for a dependency for longer than they were to live, and wakes those whose wait ended while nobody was looking. A wait is ended before its run, so
 * that an event that arrives at this moment either ends the wait first, and wakes the run, or is refused.
 */
export async function reapWaits(limit: number, deps: TimerDeps & Pick<RunDeps, 'stepsChanged'>): Promise<number> {
  const { rows: late } = await deps.engine.query<{ run_id: string | null; workflow_run_id: string | null }>({
    name: 'late-waits',
    text: `update waits set status = 'timed_out', ended_at = now(), error = case kind ${LATE_SQL} end
            where id in (select w.id from waits w
                          where w.status = 'waiting' and w.expires_at <= now()
                            and (w.run_id is null or (select r.status from runs r where r.id = w.run_id) = 'waiting')
                          order by w.expires_at limit $1 for update of w skip locked)
           returning run_id, workflow_run_id`,
    values: [limit],
  });
  const { rows: missed } = await deps.engine.query<{ run_id: string }>({
    name: 'missed-waits',
    text: `select w.run_id from waits w join runs c on c.id = w.child_run_id
            where w.status = 'waiting' and c.status in (${FINAL_SQL})
            union
           select r.id from runs r where r.status = 'waiting' and not exists (
             select from waits w where w.run_id = r.id and w.status = 'waiting')
            limit $1`,
    values: [limit],
  });
  deps.stepsChanged(late.flatMap((row) => row.workflow_run_id ?? []));
  await timeOutRuns(
    [...late, ...missed].flatMap((row) => row.run_id ?? []),
    deps,
  );
  if (missed.length > 0) await settleWaits({ runIds: missed.map((row) => row.run_id), childIds: [] }, deps);
  return late.length + missed.length;
}

/** What to tell of a wait that took too long, by its kind. */
const LATE = {
  event: 'event trigger timed out',
  child: 'what it waited for did not end in time',
  dependency: 'run expired',
} as const;
const LATE_SQL = Object.entries(LATE)
  .map(([kind, error]) => `when '${kind}' then '${error}'`)
  .join(' ');

/** Ends those of the runs that sleep although a wait of theirs has timed out. A condition "is true" is none that an index is chosen for. */
async function timeOutRuns(runIds: readonly string[], deps: TimerDeps): Promise<void> {
  if (runIds.length === 0) return;
  const { rows } = await deps.engine.query<{ id: string; epoch: number; kind: keyof typeof LATE }>({
    name: 'timed-out-waits',
    text: `select r.id, r.epoch, max(w.kind) as kind from runs r join waits w on w.run_id = r.id and w.status = 'timed_out'
            where r.id = any ($1::uuid[]) and (r.status = 'waiting') is true group by r.id`,
    values: [runIds],
  });
  await deps.transitions.many(
    rows.map(({ id, epoch, kind }) => {
      const common = { runId: id, epoch, message: LATE[kind], error: LATE[kind] };
      // It was never started, and ends like any other run that nobody started in time.
      if (kind === 'dependency') return { ...common, event: 'expire', level: 'warn' };
      return { ...common, event: 'time_out', errorClass: 'timeout', level: 'error' };
    }),
  );
}

/** Cancels children that were spawned at the very moment their parent was canceled. */
export async function reapOrphans(limit: number, deps: TimerDeps): Promise<number> {
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'orphans',
    text: `select c.id from runs c join runs p on p.id = c.parent_run_id
            where c.parent_run_id is not null and c.status in (${ACTIVE_SQL}) and p.status = 'canceled' limit $1`,
    values: [limit],
  });
  await cancelOrphans(
    rows.map((row) => row.id),
    deps,
  );
  return rows.length;
}
