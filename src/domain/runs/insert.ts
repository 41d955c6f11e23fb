import type { Pool, PoolClient } from 'pg';
import { newId } from '../../core/ids.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { RetryStrategy } from '../../core/retry.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { isDataError } from '../../db/errors.ts';
import type { DependencyWaits } from '../dependencies/dependency-waits.ts';
import { matchOf, type RunMatch } from '../dependencies/match.ts';
import type { ClaimedRun } from './claimed-run.ts';
import { INSERT_SQL, MAX_LINEAGE_DEPTH, MAX_SPAWN_DEPTH } from './insert-statement.ts';

/** A run to be stored. JSON fields are text, so that what was parsed at the edge is not walked again. */
export interface NewRun {
  readonly id: string;
  /** An earlier try may have stored it; then that run answers. */
  readonly mayExist?: boolean;
  readonly projectId: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly jobVersionId: string;
  /** `waiting` for what its job depends on; it is stored as queued when there is nothing to wait for. */
  readonly status: 'queued' | 'delayed' | 'waiting';
  /** May be claimed as it is born, unless it has to wait: due now, of a job without limits. */
  readonly start: boolean;
  readonly priority: number;
  readonly scheduledAt: Date | null;
  readonly ttlSecs: number | null;
  readonly timeoutSecs: number;
  readonly timeoutSecsOverride: number | null;
  readonly maxAttemptsOverride: number | null;
  readonly retryBackoff: RetryStrategy | null;
  readonly retryInitialDelaySecs: number | null;
  readonly retryMaxDelaySecs: number | null;
  readonly concurrencyKey: string | null;
  readonly idempotencyKey: string | null;
  /** See `dependencyKeyOf`. */
  readonly dependencyKey: string | null;
  readonly triggeredBy: string;
  readonly createdBy: string;
  readonly parent: { readonly runId: string; readonly epoch: number; readonly spawnKey: string } | null;
  /** The run it continues, under which claim of that run, and its name among the continuations of that run. */
  readonly continues?: { readonly runId: string; readonly epoch: number; readonly key: string };
  /** The step of a workflow that it is the work of, and its name among the runs of that step. */
  readonly step?: { readonly stepRunId: string; readonly key: string };
  readonly batchId: string | null;
  readonly debugMode?: boolean;
  readonly payload: string;
  readonly payloadHash: string;
  readonly metadata: string;
  readonly tags: string;
  readonly traceparent: string | null;
}

/** What became of a {@link NewRun}. */
export type InsertOutcome =
  | { readonly kind: 'stored'; readonly status: RunStatus }
  /** A live run holds the idempotency key, or the parent has this child already. */
  | { readonly kind: 'existing'; readonly id: string; readonly status: RunStatus; readonly payloadHash: string }
  /** Again and again something stood in the way and was gone, or not visible yet, when it was looked for. */
  | { readonly kind: 'raced' }
  /** The parent's claim no longer stands. */
  | { readonly kind: 'orphaned' }
  /** The parent is as deep as spawning goes, or the run to continue as far on as continuing goes. */
  | { readonly kind: 'too-deep' };

/** The free dispatch slots of this process, as far as starting at once needs them. */
export interface StartSlots {
  readonly holder: string;
  readonly leaseMs: number;
  /** Takes up to `wanted` free slots; answers how many. */
  reserve(wanted: number): number;
  /** Dispatches a run on a reserved slot. */
  start(run: ClaimedRun): void;
  /** Gives back reserved slots that were not used. */
  release(count: number): void;
}

/** The one way to store new runs. */
export interface Inserts {
  /** Stores one run; whatever else is triggered meanwhile shares its statement. */
  one(run: NewRun): Promise<InsertOutcome>;
  /** A run that is to wait for what its job depends on as one that need not, if that is so; any other as it is. */
  settled(run: NewRun): Promise<NewRun>;
  /**
   * Stores runs within a transaction of the caller's, none of them started; `announce` is to be called when that has committed, and
   * nobody hears of the runs before.
   */
  within(client: PoolClient, runs: readonly NewRun[]): Promise<{ readonly outcomes: readonly InsertOutcome[]; announce(): void }>;
  idle(): Promise<void>;
}

interface InsertDeps {
  readonly pool: Pool;
  /** Asked about runs that are to wait, before they are stored. */
  readonly dependencies: Pick<DependencyWaits, 'areMet'>;
  /** Null in a process that dispatches nothing itself. */
  readonly slots: StartSlots | null;
  readonly onStored: (notice: StoredNotice) => void;
}

/** What one statement stored. */
interface StoredNotice {
  readonly stored: number;
  /** Some of it waits for a claim. */
  readonly queued: boolean;
  /** The statement rang the doorbell itself. */
  readonly rung: boolean;
  /** What those of it wait with that wait for what their job depends on. */
  readonly waiting: readonly RunMatch[];
  /** Milliseconds until the first delayed one is due; null when none is. */
  readonly nextTimerMs: number | null;
}

const MAX_ITEMS = 500;
/** One statement at a time, so that creation times, a microsecond apart within one, never meet those of the next. */
const LANES = 1;
/** A key that stands in the way is visible to the next statement, or free for it. */
const RACE_TRIES = 5;

/** Makes {@link Inserts} over the engine pool. */
export function makeInserts(deps: InsertDeps): Inserts {
  const batcher = makeMicroBatcher<NewRun, InsertOutcome>({
    flush: (runs) => insert(deps, runs),
    keyOf: () => null,
    maxItems: MAX_ITEMS,
    lanes: LANES,
    isPoison: isDataError,
  });

  async function settled(run: NewRun): Promise<NewRun> {
    const isReady = run.status === 'waiting' && (await deps.dependencies.areMet(matchOf(run)));
    return isReady ? { ...run, status: 'queued' } : run;
  }

  async function one(asked: NewRun): Promise<InsertOutcome> {
    const run = await settled(asked);
    let outcome = await batcher.add(run);
    for (let tries = 1; outcome.kind === 'raced' && tries < RACE_TRIES; tries++) outcome = await batcher.add(run);
    return outcome;
  }

  return {
    one,
    settled,
    async within(client, runs) {
      if (runs.length === 0) return { outcomes: [], announce: () => {} };
      const rows = await store(client, runs, { ...NO_SLOTS, ring: true });
      return {
        outcomes: rows.map((row, index) => toOutcome(row, runs[index])),
        announce: () => deps.onStored(noticeOf(rows, runs)),
      };
    },
    idle: () => batcher.idle(),
  };
}

interface InsertRow {
  stored: boolean;
  allowed: boolean;
  starts: boolean;
  at: Date;
  existing_id: string | null;
  existing_status: RunStatus | null;
  existing_payload_hash: string | null;
  parent_depth: number | null;
  rings: number;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

async function insert(deps: InsertDeps, runs: readonly NewRun[]): Promise<InsertOutcome[]> {
  const { slots } = deps;
  const reserved = slots?.reserve(runs.filter(mayStart).length) ?? 0;
  let started = 0;
  try {
    // Without a free slot here somebody else must hear of what stays queued.
    const ring = reserved === 0;
    const rows = await store(deps.pool, runs, { ...(slots ?? NO_SLOTS), reserved, ring });
    rows.forEach((row, index) => {
      const run = runs[index];
      if (!run || !row.stored || !row.starts) return;
      started++;
      slots?.start(bornClaimed(run, row.at));
    });
    deps.onStored(noticeOf(rows, runs));
    return rows.map((row, index) => toOutcome(row, runs[index]));
  } finally {
    if (reserved > started) slots?.release(reserved - started);
  }
}

interface Start {
  readonly holder: string;
  readonly leaseMs: number;
  /** How many of the runs may start as they are stored. */
  readonly reserved: number;
  readonly ring: boolean;
}

const NO_SLOTS = { holder: NOBODY, leaseMs: 0, reserved: 0 };

async function store(on: Pool | PoolClient, runs: readonly NewRun[], start: Start): Promise<InsertRow[]> {
  const { rows } = await on.query<InsertRow>({
    name: 'insert-runs',
    text: INSERT_SQL,
    values: [`[${runs.map(toInput).join(',')}]`, start.holder, start.leaseMs, start.reserved, start.ring],
  });
  return rows;
}

function noticeOf(rows: readonly InsertRow[], runs: readonly NewRun[]): StoredNotice {
  return {
    waiting: runs.flatMap((run, index) => (run.status === 'waiting' && rows[index]?.stored ? [matchOf(run)] : [])),
    stored: rows.filter((row) => row.stored).length,
    nextTimerMs: nextTimerMs(runs),
    queued: rows.some((row, index) => row.stored && !row.starts && runs[index]?.status === 'queued'),
    rung: (rows[0]?.rings ?? 0) > 0,
  };
}

function mayStart(run: NewRun): boolean {
  return run.start && run.status === 'queued';
}

function nextTimerMs(runs: readonly NewRun[]): number | null {
  const moments = runs.flatMap((run) => (run.status === 'delayed' && run.scheduledAt ? [run.scheduledAt.getTime()] : []));
  return moments.length > 0 ? Math.min(...moments) - Date.now() : null;
}

/** A run that was claimed as it was born: its first attempt, under its first claim. */
function bornClaimed(run: NewRun, at: Date): ClaimedRun {
  return {
    id: run.id,
    projectId: run.projectId,
    jobId: run.jobId,
    jobVersion: run.jobVersion,
    attempt: 1,
    epoch: 1,
    previousError: null,
    previousErrorClass: null,
    overrides: {
      maxAttempts: run.maxAttemptsOverride,
      strategy: run.retryBackoff,
      initialDelaySecs: run.retryInitialDelaySecs,
      maxDelaySecs: run.retryMaxDelaySecs,
    },
    timeoutSecs: run.timeoutSecs,
    timeoutSecsOverride: run.timeoutSecsOverride,
    createdAt: at,
    queuedAt: at,
    startedAt: at,
    debugMode: run.debugMode ?? false,
    payload: run.payload,
    traceparent: run.traceparent,
    checkpoint: null,
  };
}

function toOutcome(row: InsertRow, run: NewRun | undefined): InsertOutcome {
  if (row.stored && run) return { kind: 'stored', status: row.starts ? 'executing' : run.status };
  if (row.existing_id && row.existing_status && row.existing_payload_hash) {
    return { kind: 'existing', id: row.existing_id, status: row.existing_status, payloadHash: row.existing_payload_hash };
  }
  if (row.allowed) return { kind: 'raced' };
  const deepest = run?.continues ? MAX_LINEAGE_DEPTH : MAX_SPAWN_DEPTH;
  return { kind: (row.parent_depth ?? 0) >= deepest ? 'too-deep' : 'orphaned' };
}

/** One element of the statement's JSON array, with the JSON texts spliced in as they are. */
function toInput(run: NewRun, ord: number): string {
  const fields = JSON.stringify({
    ord,
    id: run.id,
    project_id: run.projectId,
    job_id: run.jobId,
    job_version: run.jobVersion,
    job_version_id: run.jobVersionId,
    status: run.status,
    start: mayStart(run),
    priority: run.priority,
    scheduled_at: run.scheduledAt,
    ttl_secs: run.ttlSecs,
    timeout_secs: run.timeoutSecs,
    timeout_secs_override: run.timeoutSecsOverride,
    max_attempts_override: run.maxAttemptsOverride,
    // JSON leaves out what is undefined: a run without wishes of its own sends none.
    retry_backoff: run.retryBackoff ?? undefined,
    retry_initial_delay_secs: run.retryInitialDelaySecs ?? undefined,
    retry_max_delay_secs: run.retryMaxDelaySecs ?? undefined,
    concurrency_key: run.concurrencyKey,
    idempotency_key: run.idempotencyKey,
    dependency_key: run.dependencyKey,
    wait_id: run.status === 'waiting' ? newId() : undefined,
    triggered_by: run.triggeredBy,
    created_by: run.createdBy,
    parent_run_id: run.parent?.runId,
    parent_epoch: run.parent?.epoch ?? run.continues?.epoch,
    spawn_key: run.parent?.spawnKey ?? run.continues?.key ?? run.step?.key,
    workflow_step_run_id: run.step?.stepRunId,
    continuation_of: run.continues?.runId,
    batch_id: run.batchId,
    may_exist: run.mayExist,
    debug_mode: run.debugMode,
    payload_hash: run.payloadHash,
    traceparent: run.traceparent,
  });
  return `${fields.slice(0, -1)},"payload":${run.payload},"metadata":${run.metadata},"tags":${run.tags}}`;
}
