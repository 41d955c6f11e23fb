import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { SNOOZE_COUNT } from '../../core/circuit.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RetryStrategy } from '../../core/retry.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { dependencyKeyOf } from '../dependencies/match.ts';
import type { JobRow } from '../jobs/job.ts';
import type { RunDeps } from './deps.ts';
import type { NewRun } from './insert.ts';
import { isAllowedIn } from './run-actions.ts';
import { prepare, refuseManagedIfOff } from './trigger.ts';
import { insertRefusal } from './trigger-answer.ts';

/** A run as far as its replay takes after it. */
export interface Original {
  readonly id: string;
  readonly status: RunStatus;
  readonly jobId: string;
  readonly priority: number;
  readonly concurrencyKey: string | null;
  readonly timeoutSecs: number | null;
  readonly maxAttempts: number | null;
  readonly retryBackoff: RetryStrategy | null;
  readonly retryInitialDelaySecs: number | null;
  readonly retryMaxDelaySecs: number | null;
  readonly payload: JsonValue;
  readonly metadata: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly tags: string;
}

type ReplayDeps = Pick<RunDeps, 'reads' | 'jobs' | 'inserts' | 'managedExec'>;

/**
 * Runs the work of an ended run once more, as a new run under the job as it is today: same payload, priority, tags and metadata, first
 * attempt, no idempotency key. Answers the id of the new run. With a checkpoint, named by its sequence, the payload is the state saved in
 * it and the new run is in debug mode. NOT_FOUND for the run or the checkpoint, BAD_REQUEST when the run has not failed, when its job is
 * gone or disabled, or when the job's payload schema of today refuses the payload.
 */
export async function replayRun(
  actor: Actor,
  input: { readonly runId: string; readonly fromCheckpoint?: number | null | undefined },
  deps: ReplayDeps,
): Promise<string> {
  requireScope(actor, 'runs:write');
  const { runId, fromCheckpoint } = input;
  const [original] = isUuid(runId) ? await readOriginals(actor, [runId], deps.reads) : [];
  if (!original) throw notFound('run');
  if (fromCheckpoint == null) return storeReplay(await prepareReplay(actor, original, deps), deps);
  refuseUnlessReplayable(original);
  const payload = await readCheckpoint(original.id, fromCheckpoint, deps.reads);
  const run = await prepareReplay(actor, { ...original, payload }, deps);
  return storeReplay({ ...run, debugMode: true }, deps);
}

async function readCheckpoint(runId: string, sequence: number, pool: Pool): Promise<JsonValue> {
  const { rows } = await pool.query<{ state: JsonValue }>(
    'select state from run_checkpoints where run_id = $1 and sequence = $2',
    [runId, sequence],
  );
  if (!rows[0]) throw notFound('checkpoint');
  return rows[0].state;
}

/** Reads runs to replay, in the order of their ids as given; what is unknown is left out. */
export async function readOriginals(actor: Actor, runIds: readonly string[], pool: Pool): Promise<Original[]> {
  const { rows } = await pool.query<Original>(
    `select r.id, r.status, r.job_id as "jobId", r.priority, r.concurrency_key as "concurrencyKey",
            r.timeout_secs_override as "timeoutSecs", r.max_attempts_override as "maxAttempts",
            r.retry_backoff as "retryBackoff", r.retry_initial_delay_secs as "retryInitialDelaySecs",
            r.retry_max_delay_secs as "retryMaxDelaySecs",
            d.payload, d.metadata, d.tags::text as tags
       from runs r join run_data d on d.run_id = r.id
      where r.project_id = $1 and r.id = any ($2::uuid[])
      order by array_position($2::uuid[], r.id)`,
    [actor.projectId, runIds],
  );
  return rows;
}

/** Builds the new run; throws what {@link replayRun} documents. */
export async function prepareReplay(
  actor: Actor,
  original: Original,
  deps: Pick<RunDeps, 'jobs' | 'managedExec'>,
): Promise<NewRun> {
  refuseUnlessReplayable(original);
  const job = await replayableJob(actor, original.jobId, deps);
  const { payload, priority, concurrencyKey, timeoutSecs, maxAttempts } = original;
  const { retryBackoff, retryInitialDelaySecs, retryMaxDelaySecs } = original;
  const run = prepare(actor, job, {
    item: {
      payload,
      priority,
      ...(concurrencyKey !== null && { concurrencyKey }),
      ...(timeoutSecs !== null && { timeoutSecs }),
      ...(maxAttempts !== null && { maxAttempts }),
      ...(retryBackoff !== null && { retryBackoff }),
      ...(retryInitialDelaySecs !== null && { retryInitialDelaySecs }),
      ...(retryMaxDelaySecs !== null && { retryMaxDelaySecs }),
    },
    origin: { triggeredBy: 'manual' },
  });
  // As they were: what the job gives to new runs by now is not what this one had.
  const { tags } = original;
  const { [SNOOZE_COUNT]: _snoozes, ...metadata } = original.metadata;
  return { ...run, metadata: JSON.stringify(metadata), tags, dependencyKey: dependencyKeyOf(payload, metadata) };
}

/** Stores a new run without keys; answers its id. */
export async function storeReplay(run: NewRun, deps: Pick<RunDeps, 'inserts'>): Promise<string> {
  const outcome = await deps.inserts.one(run);
  if (outcome.kind === 'stored') return run.id;
  // Nothing but a key or a parent stands in the way of a new run, and this one has neither.
  if (outcome.kind === 'existing') throw new Error(`run ${run.id} was stored before`);
  throw insertRefusal(outcome.kind);
}

function refuseUnlessReplayable({ status }: Original): void {
  if (!isAllowedIn('replay', status)) throw new AppError('BAD_REQUEST', 'run is not replayable');
}

async function replayableJob(actor: Actor, jobId: string, deps: Pick<RunDeps, 'jobs' | 'managedExec'>): Promise<JobRow> {
  const job = await deps.jobs.ofRun(actor.projectId, jobId);
  if (job.deletedAt) throw new AppError('BAD_REQUEST', 'job not found for run');
  if (!job.enabled) throw new AppError('BAD_REQUEST', 'job is disabled');
  refuseManagedIfOff(job, deps);
  return job;
}
