import type { Pool } from 'pg';
import type { ErrorClass } from '../../core/outcome.ts';
import type { RunStatus } from '../../core/run-state.ts';
import type { JobCache } from '../jobs/job-cache.ts';
import type { RunOverrides } from './claimed-run.ts';
import { failAttempt } from './end-attempt.ts';
import type { TransitionItem, Transitions } from './transition.ts';

interface LapsedRow {
  id: string;
  project_id: string;
  job_id: string;
  job_version: number;
  status: RunStatus;
  attempt: number;
  epoch: number;
  previous_error_class: ErrorClass | null;
  overrides: RunOverrides;
  late: boolean;
}

/** What reaping claims works with. */
interface ReapClaimsDeps {
  readonly engine: Pool;
  readonly jobs: JobCache;
  readonly transitions: Transitions;
}

/**
 * Ends claims that nobody stands behind any more: past the deadline (a timeout), or past the lease (executor or server went silent). What
 * was claimed but never sent goes back to the queue; everything else counts as a failed attempt. Answers how many it ended.
 *
 * The order is by run id and the page is bounded, and every row that is picked leaves `run_leases` with its transition, so no row can
 * stand in the way of those behind it.
 */
export async function reapClaims(limit: number, deps: ReapClaimsDeps): Promise<number> {
  const { rows } = await deps.engine.query<LapsedRow>({
    name: 'lapsed-claims',
    text: `
      select r.id, r.project_id, r.job_id, r.job_version, r.status, r.attempt, r.epoch, r.error_class as previous_error_class, l.deadline_at <= now() as late,
             json_build_object('maxAttempts', r.max_attempts_override, 'strategy', r.retry_backoff,
               'initialDelaySecs', r.retry_initial_delay_secs, 'maxDelaySecs', r.retry_max_delay_secs) as overrides
        from run_leases l join runs r on r.id = l.run_id and r.epoch = l.epoch
       where l.lease_until <= now() or l.deadline_at <= now()
       order by l.run_id limit $1`,
    values: [limit],
  });
  const items = await Promise.all(rows.map((row) => toItem(row, deps.jobs)));
  const results = await deps.transitions.many(items);
  return results.filter((result) => result.moved).length;
}

async function toItem(row: LapsedRow, jobs: JobCache): Promise<TransitionItem> {
  const job = await jobs.atVersion(row.project_id, row.job_id, row.job_version);
  const run = {
    id: row.id,
    attempt: row.attempt,
    epoch: row.epoch,
    previousErrorClass: row.previous_error_class,
    overrides: row.overrides,
  };
  if (row.late) return failAttempt(run, job, { errorClass: 'timeout', message: 'execution timed out' });
  if (row.status === 'dequeued') {
    return {
      runId: row.id,
      epoch: row.epoch,
      event: 'release',
      level: 'warn',
      message: 'returned to the queue: its dispatcher fell silent',
    };
  }
  return failAttempt(run, job, { errorClass: 'heartbeat_lost', message: 'heartbeat lost' });
}

/** Leases whose claim is over; only a bug or a hand-made change leaves one behind. */
export async function reapStrayLeases(deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({
    name: 'stray-leases',
    text: `delete from run_leases l using runs r
            where r.id = l.run_id and (r.epoch <> l.epoch or r.status not in ('dequeued', 'executing')) and l.lease_until <= now()`,
  });
  return rowCount ?? 0;
}
