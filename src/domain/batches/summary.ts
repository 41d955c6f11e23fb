import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { isFinal, RUN_STATUSES, type RunStatus } from '../../core/run-state.ts';
import { BATCH_STATUS_NOW_SQL, type BatchStatus } from './batch-status.ts';

/** How a batch stands at one moment, over the runs of it that are still kept. */
export interface BatchSummary {
  readonly batchId: string;
  readonly status: BatchStatus;
  /** When the first of its runs that are to start later starts; null when none is. */
  readonly postponedUntil: Date | null;
  /** Why the newest of its runs that failed did, or the last of its items that were refused was; null when all is well. */
  readonly lastError: string | null;
  /** Runs by status; every status has a number. */
  readonly counts: Readonly<Record<RunStatus, number>>;
  /** The share of its items that are over with, 0 to 1. */
  readonly progress: number;
  /** When its first run was started; null before. */
  readonly startedAt: Date | null;
  /** When its last run ended; null while any goes on, and for a batch without runs. */
  readonly finishedAt: Date | null;
  /** Everything is stored and every run has ended. */
  readonly isFinished: boolean;
}

/** Endings that say why. */
const ERROR_STATUSES = ['failed', 'timed_out', 'crashed', 'system_failed', 'expired', 'dead_letter'] as const;

interface SummaryRow {
  readonly id: string;
  readonly total: number;
  readonly stored: number;
  readonly created: number;
  readonly endedStatus: BatchStatus | null;
  readonly batchStatus: BatchStatus;
  readonly postponedUntil: Date | null;
  readonly lastError: string | null;
  readonly status: RunStatus | null;
  readonly count: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

const NEWEST_ERRORS = ERROR_STATUSES.map(
  (status) => `(select r.created_at, r.error from runs r where r.batch_id = b.id and r.status = '${status}'
    order by r.created_at desc limit 1)`,
).join(' union all ');

/** The counts are answered by the index `runs_by_batch_status` alone: 100,000 runs take some 15 ms. The rest are a few probes. */
const SUMMARY_SQL = `
select b.id, b.total, b.stored, b.created, b.ended_status as "endedStatus", k.status as "batchStatus", k.postponed_until as "postponedUntil", k.last_error as "lastError", s.status,
       coalesce(s.count, 0)::int as count, s.started_at as "startedAt", s.finished_at as "finishedAt"
  from batches b cross join lateral (
    select ${BATCH_STATUS_NOW_SQL} as status,
           (select r.scheduled_at from runs r where r.batch_id = b.id and r.status = 'delayed' order by r.created_at limit 1)
             as postponed_until,
           coalesce((select e.error from (${NEWEST_ERRORS}) e order by e.created_at desc limit 1),
                    (select i.error from batch_items i where i.batch_id = b.id and i.error is not null order by i.ord desc limit 1))
             as last_error
    offset 0) k left join lateral (
    select r.status, count(*) as count, min(r.started_at) as started_at, max(r.finished_at) as finished_at
      from runs r where r.batch_id = b.id group by r.status) s on true
 where b.id = any ($1::uuid[]) and b.project_id = $2`;

/** How batches of the actor's project stand, in one statement; those that do not exist are left out. For callers who may see the batches. */
export async function summarizeBatches(
  actor: Actor,
  ids: readonly string[],
  deps: { readonly reads: Pool },
): Promise<ReadonlyMap<string, BatchSummary>> {
  const { rows } = await deps.reads.query<SummaryRow>({
    name: 'batch-summary',
    text: SUMMARY_SQL,
    values: [ids, actor.projectId],
  });
  const byBatch = Map.groupBy(rows, ({ id }) => id);
  return new Map([...byBatch].map(([id, some]) => [id, summaryOf(id, some)]));
}

function summaryOf(batchId: string, rows: readonly SummaryRow[]): BatchSummary {
  const counted = new Map(rows.map(({ status, count }) => [status, count]));
  // One entry per status, by construction.
  const counts = Object.fromEntries(RUN_STATUSES.map((status) => [status, counted.get(status) ?? 0])) as Record<
    RunStatus,
    number
  >;
  const [first] = rows;
  if (!first) throw new Error(`batch ${batchId} was found without a row`);
  const { total, stored, created, endedStatus, batchStatus, postponedUntil, lastError } = first;
  const kept = rows.reduce((sum, { count }) => sum + count, 0);
  const active = rows.reduce((sum, { status, count }) => (status && !isFinal(status) ? sum + count : sum), 0);
  const open = active + (total - stored);
  return {
    batchId,
    // Once runs are no longer kept, only what was noted when they ended tells how that was.
    status: kept < created && endedStatus !== null ? endedStatus : batchStatus,
    postponedUntil,
    lastError,
    counts,
    progress: total === 0 ? 1 : Math.max(0, 1 - open / total),
    startedAt: extreme(rows, ({ startedAt }) => startedAt, Math.min),
    finishedAt: open > 0 ? null : extreme(rows, ({ finishedAt }) => finishedAt, Math.max),
    isFinished: open === 0,
  };
}

function extreme(
  rows: readonly SummaryRow[],
  read: (row: SummaryRow) => Date | null,
  choose: (...times: number[]) => number,
): Date | null {
  const times = rows.flatMap((row) => read(row)?.getTime() ?? []);
  return times.length > 0 ? new Date(choose(...times)) : null;
}
