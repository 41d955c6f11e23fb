import type { Pool } from 'pg';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { type MicroBatcher, makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { ErrorClass, ExecutionTrace } from '../../core/outcome.ts';
import { isFinal, type RunEvent, type RunStatus } from '../../core/run-state.ts';
import { isDataError, isRetryable } from '../../db/errors.ts';
import { TRANSITION_SQL } from './transition-statement.ts';

/** One run and what happens to it. Fields beyond the first three belong to particular events. */
export interface TransitionItem {
  readonly runId: string;
  readonly event: RunEvent;
  /** What people read in the run's history. */
  readonly message: string;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  readonly data?: JsonObject;
  /** Guard for callers: the run must be of this project. */
  readonly projectId?: string;
  /** Fence: the claim that reports; a run claimed again since refuses. */
  readonly epoch?: number;
  /** Guard: refuses a run in any other status, also where the event would accept it. */
  readonly from?: RunStatus;
  readonly error?: string;
  readonly errorClass?: ErrorClass;
  /** Stored on `complete`. */
  readonly result?: JsonValue;
  readonly trace?: ExecutionTrace;
  /** For `retry` and `snooze`: milliseconds until the next claim. */
  readonly delayMs?: number;
  /** For `snooze`: what holds the run until then. */
  readonly hold?: string;
  /** For `hold`: when the run is to start. */
  readonly at?: Date;
  /** For `retry`: added to the priority, which ends at 10. */
  readonly priorityBoost?: number;
  /** For `hold`: the payload that takes the place of the one before, with its hash. */
  readonly payload?: { readonly json: JsonObject; readonly hash: string; readonly dependencyKey: string | null };
  /** Added to the metadata of the run. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** For `wait`: the event that is waited for. The statement fails, for this item alone, when its key is in use. */
  readonly wait?: EventWait;
  /** For `depend`: the id of the wait that it begins. */
  readonly waitId?: string;
}

/** A wait for an event, stored by the very statement that puts its run to sleep, with the notice of it: never one without the others. */
export interface EventWait {
  readonly id: string;
  readonly eventKey: string;
  readonly timeoutSecs: number;
  readonly notifyUrl: string | null;
}

/** What became of one item. `moved` false means somebody was first or the guard refused; the other fields say how the run stands. */
export interface TransitionResult {
  readonly moved: boolean;
  readonly projectId: string | null;
  readonly was: RunStatus | null;
  /** The epoch the run had when the statement met it. */
  readonly epoch: number | null;
  readonly becomes: RunStatus | null;
}

/** What happened, for those who follow up: streams, parents, freed limits, the local dispatcher. */
export interface TransitionNotice {
  readonly items: readonly {
    readonly item: TransitionItem;
    readonly result: TransitionResult;
    readonly hasParent: boolean;
    /** The step of a workflow that the run is the work of. */
    readonly stepRunId: string | null;
    readonly jobId: string | null;
  }[];
  /** The batches that some of the moved runs belong to. */
  readonly batchIds: readonly string[];
  /** Limits on which a slot was freed while runs are held for one. */
  readonly contendedLimits: readonly string[];
  /** True when some run became claimable. */
  readonly claimable: boolean;
  /** True when the statement rang the doorbell itself. */
  readonly rung: boolean;
  /** True when it stored webhooks to be delivered. */
  readonly fired: boolean;
}

/** The one way to change the status of a stored run. */
export interface Transitions {
  /** Moves one run; whatever else is asked for meanwhile shares its statement. */
  one(item: TransitionItem): Promise<TransitionResult>;
  /** Moves many runs, at most one item each, in statements of bounded size; outcomes in the order given. */
  many(items: readonly TransitionItem[]): Promise<TransitionResult[]>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

interface TransitionDeps {
  readonly pool: Pool;
  /** Asked before each statement: true when this process has no free slot to claim with, so that somebody must be rung for. */
  readonly shouldRing: () => boolean;
  readonly onMoved: (notice: TransitionNotice) => void;
}

const MAX_ITEMS = 500;
/** One statement at a time: a second one halves the groups, and half of what a group of ten costs is the statement, not its rows. */
const LANES = 1;
const DEADLOCK_TRIES = 5;

/** Makes {@link Transitions} over the engine pool. */
export function makeTransitions(deps: TransitionDeps): Transitions {
  const batcher: MicroBatcher<TransitionItem, TransitionResult> = makeMicroBatcher({
    flush: (items) => execute(deps, items),
    keyOf: (item) => item.runId,
    maxItems: MAX_ITEMS,
    lanes: LANES,
    isPoison: isDataError,
  });
  return {
    one: (item) => batcher.add(item),
    many: (items) => Promise.all(items.map((item) => batcher.add(item))),
    idle: () => batcher.idle(),
  };
}

async function execute(deps: TransitionDeps, items: readonly TransitionItem[]): Promise<TransitionResult[]> {
  const input = JSON.stringify(items.map(toInput));
  const rows = await withRetry(() => query(deps.pool, input, deps.shouldRing()));
  const rowOf = new Map(rows.map((row) => [row.ord, row]));
  const results = items.map((_item, ord) => toResult(rowOf.get(ord)));
  const first = rows[0];
  deps.onMoved({
    items: items.map((item, index) => ({
      item,
      // One result per item, by construction.
      result: results[index] as TransitionResult,
      hasParent: rowOf.get(index)?.parent_run_id != null,
      stepRunId: rowOf.get(index)?.workflow_step_run_id ?? null,
      jobId: rowOf.get(index)?.job_id ?? null,
    })),
    batchIds: [...new Set(rows.flatMap((row) => (row.becomes === null ? [] : (row.batch_id ?? []))))],
    contendedLimits: first?.contended ?? [],
    claimable: rows.some((row) => row.becomes === 'queued' && !row.held),
    rung: first !== undefined && first.rings > 0,
    fired: first !== undefined && first.fired > 0,
  });
  return results;
}

interface TransitionRow {
  ord: number;
  project_id: string;
  was: RunStatus;
  epoch: number;
  becomes: RunStatus | null;
  held: boolean;
  parent_run_id: string | null;
  batch_id: string | null;
  workflow_step_run_id: string | null;
  job_id: string;
  contended: string[] | null;
  rings: number;
  fired: number;
}

async function query(pool: Pool, input: string, ring: boolean): Promise<TransitionRow[]> {
  const result = await pool.query<TransitionRow>({ name: 'transition', text: TRANSITION_SQL, values: [input, ring] });
  return result.rows;
}

/** Repeats a statement that Postgres ended to break a deadlock; it changed nothing. */
async function withRetry<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries === DEADLOCK_TRIES || !isRetryable(error)) throw error;
    }
  }
}

function toInput(item: TransitionItem, ord: number): object {
  return {
    ord,
    id: item.runId,
    project_id: item.projectId,
    epoch: item.epoch,
    event: item.event,
    error: item.error,
    error_class: item.errorClass,
    result: item.result,
    trace: item.trace,
    delay_ms: item.delayMs,
    hold: item.hold,
    at: item.at,
    priority_boost: item.priorityBoost,
    level: item.level ?? 'info',
    message: item.message,
    data: item.data,
    payload: item.payload?.json,
    payload_hash: item.payload?.hash,
    dependency_key: item.payload?.dependencyKey,
    from_status: item.from,
    metadata: item.metadata,
    wait: waitOf(item),
  };
}

function waitOf({ wait, waitId }: TransitionItem): object | undefined {
  if (waitId !== undefined) return { id: waitId };
  if (!wait) return undefined;
  const { id, eventKey, timeoutSecs, notifyUrl } = wait;
  const notice = { notify_url: notifyUrl, callback_url: `/v1/events/${encodeURIComponent(eventKey)}/send` };
  return { id, event_key: eventKey, timeout_secs: timeoutSecs, ...(notifyUrl !== null && notice) };
}

const UNKNOWN_RUN: TransitionResult = { moved: false, projectId: null, was: null, epoch: null, becomes: null };

function toResult(row: TransitionRow | undefined): TransitionResult {
  if (!row) return UNKNOWN_RUN;
  const { project_id: projectId, was, epoch, becomes } = row;
  return { moved: becomes !== null, projectId, was, epoch, becomes };
}

/** True when an item ended its run. */
export function endedRun(result: TransitionResult): boolean {
  return result.moved && result.becomes !== null && isFinal(result.becomes);
}
