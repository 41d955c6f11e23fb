import type { Pool } from 'pg';
import type { RunActor } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { isDataError } from '../../db/errors.ts';

/** The types of the events that executors make. */
export type ReportType =
  | 'log'
  | 'progress'
  | 'error'
  | 'output'
  | 'checkpoint'
  | 'usage'
  | 'tool_call'
  | 'state'
  | 'annotation'
  | 'resource_sample'
  | 'continuation'
  | 'chunk'
  | 'debug';

/** Something an executor tells about its run, to be kept as an event. */
export interface Report {
  readonly runId: string;
  readonly epoch: number;
  readonly type: ReportType;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly data: JsonObject | null;
}

/** Appends reports to the logs of their runs. */
export interface Reports {
  /**
   * Appends one report, sharing a statement with whatever else is reported meanwhile; answers its place in the log. Throws NOT_FOUND,
   * or CONFLICT when the claim that reports no longer stands; nothing is stored then.
   */
  append(report: Report): Promise<number>;
  idle(): Promise<void>;
}

/**
 * Locks each run once, numbers its reports behind what it has, in the order they came. The lock is what makes `seq` gapless and
 * commit-ordered: a reader that has seen 9 can never find a late 8.
 */
const REPORT_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (ord int, id uuid, epoch int, type text, level text, message text, data jsonb)
), locked as materialized (
  select i.*, r.status, r.epoch as run_epoch, r.attempt, r.event_seq from input i join runs r on r.id = i.id order by r.id for update of r
), accepted as materialized (
  select l.*, l.event_seq + row_number() over (partition by l.id order by l.ord) as seq
    from locked l where l.epoch = l.run_epoch and l.status in ('dequeued', 'executing', 'waiting')
), numbered as (
  update runs r set event_seq = a.last from (select id, max(seq)::int as last from accepted group by id) a where r.id = a.id
), told as (
  insert into run_events (run_id, seq, type, level, message, data, attempt, epoch)
  select a.id, a.seq, a.type, a.level, a.message, a.data, a.attempt, a.epoch from accepted a
)
select a.ord, a.seq::int as seq, a.status, a.run_epoch as epoch from accepted a
 union all
select l.ord, null, l.status, l.run_epoch from locked l where l.ord not in (select ord from accepted)`;

interface ReportRow {
  ord: number;
  seq: number | null;
  status: RunStatus | null;
  epoch: number | null;
}

const MAX_ITEMS = 1_000;

/** Makes {@link Reports} over the engine pool. One lane, so that the reports of a run keep their order. */
export function makeReports(deps: { readonly pool: Pool; readonly onReported: (runIds: readonly string[]) => void }): Reports {
  const batcher = makeMicroBatcher<Report, ReportRow>({
    flush: async (reports) => {
      const input = JSON.stringify(reports.map((report, ord) => ({ ...report, id: report.runId, ord })));
      const { rows } = await deps.pool.query<ReportRow>({ name: 'report', text: REPORT_SQL, values: [input] });
      deps.onReported([...new Set(reports.map((report) => report.runId))]);
      const rowOf = new Map(rows.map((row) => [row.ord, row]));
      return reports.map((_report, ord) => rowOf.get(ord) ?? { ord, seq: null, status: null, epoch: null });
    },
    keyOf: () => null,
    maxItems: MAX_ITEMS,
    lanes: 1,
    isPoison: isDataError,
  });
  return {
    async append(report) {
      const row = await batcher.add(report);
      if (row.seq === null) throw refusal(report.epoch, row);
      return row.seq;
    },
    idle: () => batcher.idle(),
  };
}

/** Why a run refuses what its executor reports: it is unknown, was claimed again since, or does not execute any more. */
export function refusal(epoch: number, run: { readonly status: RunStatus | null; readonly epoch: number | null }): AppError {
  if (run.status === null) return notFound('run');
  if (run.epoch !== epoch)
    return new AppError('CONFLICT', 'stale run token: the run was claimed again since this token was issued');
  return new AppError('CONFLICT', `run status conflict: the run is ${run.status}`);
}

/** Appends what the calling executor tells about its own run. */
export function reportOwnRun(
  actor: RunActor,
  report: Omit<Report, 'runId' | 'epoch'>,
  deps: { readonly reports: Reports },
): Promise<number> {
  return deps.reports.append({ ...report, runId: actor.runId, epoch: actor.epoch });
}
