import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { ErrorClass } from '../../core/outcome.ts';
import { validate } from '../jobs/json-schema.ts';
import type { RunOverrides } from './claimed-run.ts';
import type { RunDeps } from './deps.ts';
import { failAttempt } from './end-attempt.ts';
import { boundedJson } from './json-size.ts';
import { refusal } from './report.ts';
import type { TransitionItem } from './transition.ts';

/** Bytes of JSON a result may have. */
const MAX_RESULT_BYTES = 1_048_576;

/**
 * Ends the calling executor's run with a result. The same completion again (its answer was lost) is answered alike; another result, or
 * a run that went on without this claim, is a CONFLICT. PAYLOAD_TOO_LARGE and UNPROCESSABLE (the job's result schema) change nothing.
 */
export async function completeRun(actor: RunActor, result: JsonValue, deps: RunDeps): Promise<void> {
  boundedJson('the result', result, { maxBytes: MAX_RESULT_BYTES, advice: 'store it elsewhere and return where' });
  await checkResult(actor, result, deps);
  const item: TransitionItem = { runId: actor.runId, epoch: actor.epoch, event: 'complete', message: 'completed', result };
  const moved = await deps.transitions.one(item);
  if (moved.moved) return;
  if (moved.was === 'completed' && moved.epoch === actor.epoch && (await hasResult(deps.reads, actor.runId, result))) return;
  throw refusal(actor.epoch, { status: moved.was, epoch: moved.epoch });
}

async function checkResult(actor: RunActor, result: JsonValue, deps: RunDeps): Promise<void> {
  const { rows } = await deps.reads.query<{ job_id: string; job_version: number }>({
    name: 'run-job',
    text: 'select job_id, job_version from runs where id = $1 and project_id = $2',
    values: [actor.runId, actor.projectId],
  });
  const job = rows[0] && (await deps.jobs.atVersion(actor.projectId, rows[0].job_id, rows[0].job_version));
  if (!job?.resultSchema) return;
  const details = validate(job.resultSchema, result, 'result');
  if (details.length > 0) throw new AppError('UNPROCESSABLE', 'result schema validation failed', { details });
}

async function hasResult(pool: Pool, runId: string, result: JsonValue): Promise<boolean> {
  const { rows } = await pool.query<{ result: JsonValue }>('select result from run_results where run_id = $1', [runId]);
  return isDeepStrictEqual(rows[0]?.result ?? null, result);
}

/** What an executor says when it gives up. */
export interface FailInput {
  readonly error: string;
  /** True hands the failure to the retry policy; false, as documented, ends the run. */
  readonly retry: boolean;
}

/**
 * Ends the calling executor's attempt as failed: the run is `failed`, or, when the executor asks for it, retried or dead-lettered by its
 * policy. The same failure again is answered alike; anything else that no longer fits is a CONFLICT.
 */
export async function failRun(actor: RunActor, input: FailInput, deps: RunDeps): Promise<void> {
  const item = input.retry ? await retryItem(actor, input.error, deps) : failItem(actor, input.error);
  const moved = await deps.transitions.one(item);
  if (moved.moved) return;
  if (moved.was === 'failed' && moved.epoch === actor.epoch && (await hasError(deps.reads, actor.runId, input.error))) return;
  throw refusal(actor.epoch, { status: moved.was, epoch: moved.epoch });
}

function failItem(actor: RunActor, error: string): TransitionItem {
  return { runId: actor.runId, epoch: actor.epoch, event: 'fail', level: 'error', message: error, error, errorClass: 'unknown' };
}

async function retryItem(actor: RunActor, error: string, deps: RunDeps): Promise<TransitionItem> {
  const run = await readAttempt(deps.reads, actor);
  if (!run) throw refusal(actor.epoch, { status: null, epoch: null });
  const job = await deps.jobs.atVersion(actor.projectId, run.jobId, run.jobVersion);
  return failAttempt({ ...run, id: actor.runId, epoch: actor.epoch }, job, { errorClass: 'unknown', message: error });
}

interface AttemptRow {
  readonly jobId: string;
  readonly jobVersion: number;
  readonly attempt: number;
  readonly previousErrorClass: ErrorClass | null;
  readonly overrides: RunOverrides;
}

async function readAttempt(pool: Pool, actor: RunActor): Promise<AttemptRow | undefined> {
  const { rows } = await pool.query<AttemptRow>(
    `select job_id as "jobId", job_version as "jobVersion", attempt, error_class as "previousErrorClass", json_build_object('maxAttempts', max_attempts_override,
            'strategy', retry_backoff, 'initialDelaySecs', retry_initial_delay_secs, 'maxDelaySecs', retry_max_delay_secs) as overrides
       from runs where id = $1 and project_id = $2`,
    [actor.runId, actor.projectId],
  );
  return rows[0];
}

async function hasError(pool: Pool, runId: string, error: string): Promise<boolean> {
  const { rows } = await pool.query<{ error: string | null }>('select error from runs where id = $1', [runId]);
  return rows[0]?.error === error;
}
