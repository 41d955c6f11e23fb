import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Actor, actorName, requireScope, type StepActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { JsonInput, key, Metadata, Tags } from '../../core/schemas.ts';
import { dependencyKeyOf } from '../dependencies/match.ts';
import { MANAGED_IS_OFF } from '../jobs/check-job.ts';
import type { JobRow } from '../jobs/job.ts';
import { validate } from '../jobs/json-schema.ts';
import type { RunDeps } from './deps.ts';
import type { InsertOutcome, NewRun } from './insert.ts';
import { MAX_SPAWN_DEPTH } from './insert-statement.ts';
import { boundedJson } from './json-size.ts';

/** Bytes of JSON a payload may have. */
export const MAX_PAYLOAD_BYTES = 5 * 1_048_576;
/** A scheduled start further away is taken for a mistake. */
const MAX_DELAY_MS = 366 * 86_400_000;

/** What may be said about one run when it is triggered. */
export const TriggerItemInput = z.strictObject({
  payload: JsonInput.optional().describe('Input of the run, any JSON up to 5 MB; checked against the payload schema of the job.'),
  scheduledAt: z.date().optional().describe('Start no earlier than this moment; a past moment means now.'),
  priority: z.int().min(0).max(10).optional().describe('0 (default) to 10; higher runs are claimed first.'),
  idempotencyKey: key(256).optional().describe('While a run with this key is live, triggering again answers that run.'),
  tags: Tags.optional().describe('Labels to find the run by.'),
  metadata: Metadata.optional().describe('String values kept with the run, over the defaults of the job.'),
  ttlSecs: z.int().min(1).max(31_536_000).optional().describe('Seconds after which the run expires if nobody started it.'),
  concurrencyKey: key(128).optional().describe('Runs with the same key share the per-key limit of the job.'),
  timeoutSecs: z.int().min(1).max(86_400).optional().describe('Overrides the timeout of the job for this run, in seconds.'),
  maxAttempts: z.int().min(1).max(100).optional().describe('Overrides the maximum attempts of the job for this run.'),
});

/** Input of a single trigger. */
export const TriggerRunInput = TriggerItemInput.extend({
  job: key(128).describe('Id or slug of the job.'),
  dryRun: z.boolean().optional().describe('Check everything, store nothing.'),
});

/** A parsed {@link TriggerItemInput}. */
export type TriggerItem = z.output<typeof TriggerItemInput>;
/** A parsed {@link TriggerRunInput}. */
export type TriggerRun = z.output<typeof TriggerRunInput>;

/** The run that answers a trigger: the new one, or the live one that holds the idempotency key. */
export interface Triggered {
  readonly id: string;
  readonly status: RunStatus;
  readonly payloadHash: string;
  readonly idempotencyHit: boolean;
  /** The token of the run's first claim; null on an idempotency hit, whose token was handed out before. */
  readonly runToken: string | null;
}

/** What a trigger would do. */
export interface DryRun {
  readonly job: JobRow;
  readonly payload: JsonValue;
  readonly payloadHash: string;
  readonly scheduledAt: Date | null;
  readonly expiresAt: Date | null;
}

/**
 * Triggers one run of a job. Acknowledged means committed: a run that is answered here is never lost. NOT_FOUND for the job, BAD_REQUEST
 * when it is disabled or the payload breaks its schema, CONFLICT when the idempotency key is held by a run with another payload.
 */
export async function triggerRun(actor: Actor, input: TriggerRun, deps: RunDeps): Promise<Triggered> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const run = prepare(actor, job, { item: input, origin: { triggeredBy: 'manual' } });
  return triggered(run, await deps.inserts.one(run), deps);
}

/** Checks a trigger as {@link triggerRun} would, and stores nothing. */
export async function dryRunTrigger(actor: Actor, input: TriggerRun, deps: RunDeps): Promise<DryRun> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const run = prepare(actor, job, { item: input, origin: { triggeredBy: 'manual' } });
  const start = Math.max(run.scheduledAt?.getTime() ?? 0, Date.now());
  return {
    job,
    payload: input.payload ?? null,
    payloadHash: run.payloadHash,
    scheduledAt: run.scheduledAt,
    expiresAt: run.ttlSecs === null ? null : new Date(start + run.ttlSecs * 1_000),
  };
}

/** The job to trigger: NOT_FOUND when there is none, BAD_REQUEST when it is disabled, or managed where nothing managed runs. */
export async function triggerableJob(
  actor: Pick<Actor, 'projectId'>,
  idOrSlug: string,
  deps: Pick<RunDeps, 'jobs' | 'managedExec'>,
): Promise<JobRow> {
  const job = await deps.jobs.find(actor.projectId, idOrSlug);
  if (!job.enabled) throw new AppError('BAD_REQUEST', 'job is disabled: enable it before triggering runs');
  refuseManagedIfOff(job, deps);
  return job;
}

/** Throws BAD_REQUEST for a managed job where servers start no processes: its runs could only fail. */
export function refuseManagedIfOff(job: JobRow, { managedExec }: Pick<RunDeps, 'managedExec'>): void {
  if (job.executionMode === 'managed' && !managedExec) throw new AppError('BAD_REQUEST', MANAGED_IS_OFF);
}

/** Where a run comes from. */
export interface Origin {
  readonly triggeredBy: 'manual' | 'spawn' | 'workflow';
  readonly parent?: NewRun['parent'];
  readonly continues?: NewRun['continues'];
  /** The step of a workflow that it is the work of, and what the step says about retries. */
  readonly step?: NewRun['step'];
  readonly retry?: NewRun['retry'];
  readonly batchId?: string;
}

/** Builds the row to store from checked input; throws what {@link triggerRun} documents. */
export function prepare(
  actor: Actor | StepActor,
  job: JobRow,
  from: { readonly item: TriggerItem; readonly origin: Origin },
): NewRun {
  const { item, origin } = from;
  const payload = item.payload ?? null;
  const text = payloadText(payload);
  checkPayload(job, payload);
  const scheduledAt = futureOf(item.scheduledAt);
  const metadata = { ...job.defaultRunMetadata, ...item.metadata };
  const limited = job.maxConcurrency !== null || (item.concurrencyKey !== undefined && job.maxConcurrencyPerKey !== null);
  return {
    id: newId(),
    projectId: actor.projectId,
    jobId: job.id,
    jobVersion: job.version,
    jobVersionId: job.versionId,
    status: scheduledAt ? 'delayed' : job.dependencyCount > 0 ? 'waiting' : 'queued',
    start: !scheduledAt && !limited,
    priority: item.priority ?? 0,
    scheduledAt: item.scheduledAt ?? null,
    ttlSecs: item.ttlSecs ?? job.runTtlSecs,
    timeoutSecs: item.timeoutSecs ?? job.timeoutSecs,
    timeoutSecsOverride: item.timeoutSecs ?? null,
    maxAttemptsOverride: item.maxAttempts ?? null,
    concurrencyKey: item.concurrencyKey ?? null,
    idempotencyKey: item.idempotencyKey ?? null,
    dependencyKey: dependencyKeyOf(payload, metadata),
    triggeredBy: origin.triggeredBy,
    createdBy: actorName(actor),
    parent: origin.parent ?? null,
    ...(origin.continues && { continues: origin.continues }),
    ...(origin.step && { step: origin.step }),
    ...(origin.retry && { retry: origin.retry }),
    batchId: origin.batchId ?? null,
    payload: text,
    payloadHash: hashPayload(payload),
    metadata: JSON.stringify(metadata),
    tags: JSON.stringify({ ...job.tags, ...item.tags }),
    traceparent: null,
  };
}

/** The JSON text of a payload; PAYLOAD_TOO_LARGE beyond {@link MAX_PAYLOAD_BYTES}. */
export function payloadText(payload: JsonValue): string {
  return boundedJson('the payload', payload, { maxBytes: MAX_PAYLOAD_BYTES, advice: 'store it elsewhere and pass where' });
}

/** Throws BAD_REQUEST for a payload that the job's schema refuses. */
export function checkPayload(job: JobRow, payload: JsonValue): void {
  if (!job.payloadSchema) return;
  const details = validate(job.payloadSchema, payload);
  if (details.length === 0) return;
  const first = details[0];
  const where = first ? `: ${first.path} ${first.message}` : '';
  throw new AppError('BAD_REQUEST', `payload validation failed${where}`, { details });
}

/** The moment if it lies ahead, null if not; BAD_REQUEST when it lies too far ahead to be meant. */
export function futureOf(moment: Date | undefined): Date | null {
  if (!moment) return null;
  const delay = moment.getTime() - Date.now();
  if (delay > MAX_DELAY_MS) throw new AppError('BAD_REQUEST', 'scheduled_at lies more than a year ahead');
  return delay > 0 ? moment : null;
}

/** SHA-256 of the payload's canonical JSON, in hex: equal payloads have equal hashes, whatever the order of their keys. */
export function hashPayload(payload: JsonValue): string {
  return createHash('sha256').update(canonicalJson(payload)).digest('hex');
}

/** Turns what the store answered into what the caller is told. */
export function triggered(run: NewRun, outcome: InsertOutcome, deps: Pick<RunDeps, 'tokens'>): Triggered {
  switch (outcome.kind) {
    case 'stored':
      return {
        id: run.id,
        status: outcome.status,
        payloadHash: run.payloadHash,
        idempotencyHit: false,
        runToken: firstToken(run, deps),
      };
    case 'existing':
      if (outcome.payloadHash !== run.payloadHash) {
        throw new AppError('CONFLICT', `idempotency key is held by run ${outcome.id} with another payload; use another key`);
      }
      return { id: outcome.id, status: outcome.status, payloadHash: run.payloadHash, idempotencyHit: true, runToken: null };
    default:
      throw insertRefusal(outcome.kind);
  }
}

/** Why a run was not stored, for the caller. */
export function insertRefusal(kind: 'raced' | 'orphaned' | 'too-deep'): AppError {
  switch (kind) {
    case 'raced':
      return new AppError('CONFLICT', 'its key is being reused by many callers at once; try again');
    case 'orphaned':
      return new AppError('CONFLICT', 'stale run token: the parent run no longer executes under this claim');
    case 'too-deep':
      return new AppError('BAD_REQUEST', `runs may spawn runs ${MAX_SPAWN_DEPTH} levels deep; this parent is at the last`);
  }
}

/** How long the token of the first claim may wait for that claim; the epoch in it ends its power with the claim, whatever it says. */
const FIRST_TOKEN_GRACE_MS = 7 * 86_400_000;

function firstToken(run: NewRun, deps: Pick<RunDeps, 'tokens'>): string {
  const start = Math.max(run.scheduledAt?.getTime() ?? 0, Date.now());
  const expiresAt = new Date(start + run.timeoutSecs * 1_000 + FIRST_TOKEN_GRACE_MS);
  return deps.tokens.mint({ runId: run.id, projectId: run.projectId, epoch: 1, expiresAt });
}
