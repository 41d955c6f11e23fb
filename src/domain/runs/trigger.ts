import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Actor, actorName, requireScope, type StepActor, type SystemActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import { RETRY_STRATEGIES } from '../../core/retry.ts';
import { JsonInput, key, Metadata, Tags } from '../../core/schemas.ts';
import { type Candidate, isLimited, type LimitedOutcome } from '../admission/candidate.ts';
import { dependencyKeyOf } from '../dependencies/match.ts';
import { MANAGED_IS_OFF } from '../jobs/check-job.ts';
import type { JobRow } from '../jobs/job.ts';
import type { CachedJob } from '../jobs/job-cache.ts';
import { validate } from '../jobs/json-schema.ts';
import type { RunDeps } from './deps.ts';
import { startOf } from './execution-window.ts';
import type { NewRun } from './insert.ts';
import { boundedJson } from './json-size.ts';
import { type TriggerAnswer, type Triggered, triggerAnswer, triggered } from './trigger-answer.ts';

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
  retryBackoff: z
    .enum(RETRY_STRATEGIES)
    .optional()
    .describe('Overrides the retry strategy of the job for this run; "custom" needs a job with delays.'),
  retryInitialDelaySecs: z
    .int()
    .min(0)
    .max(3_600)
    .optional()
    .describe('Overrides the first retry delay of the job for this run, in seconds.'),
  retryMaxDelaySecs: z
    .int()
    .min(1)
    .max(3_600)
    .optional()
    .describe('Overrides the longest retry delay of the job for this run, in seconds.'),
  debounceKey: key(128)
    .optional()
    .describe('Which triggers of a debounced job are taken for one; those without a key are, too. Other jobs ignore it.'),
  batchKey: key(128)
    .optional()
    .describe('Which triggers of a batching job become one run; those without a key do, too. Other jobs ignore it.'),
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

/** What a trigger would do. */
export interface DryRun {
  readonly job: JobRow;
  readonly payload: JsonValue;
  readonly payloadHash: string;
  readonly scheduledAt: Date | null;
  readonly expiresAt: Date | null;
}

/**
 * Triggers a job. Acknowledged means committed: what is answered here, a run or the promise of one, is never lost. NOT_FOUND for the job,
 * BAD_REQUEST when it is disabled or the payload breaks its schema, CONFLICT when the idempotency key is held by a run with another
 * payload, RATE_LIMITED by the quotas of the project and the rate limit of the job.
 */
export async function triggerJob(actor: Actor, input: TriggerRun, deps: RunDeps): Promise<TriggerAnswer> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const run = prepare(actor, job, { item: input, origin: { triggeredBy: 'manual' } });
  return triggerPrepared(job, run, { debounceKey: input.debounceKey, batchKey: input.batchKey }, deps);
}

/** What {@link triggerPrepared} is told beside the run: the keys of the trigger, and its place in a batch that may be tried again. */
export type PreparedTrigger = Pick<TriggerItem, 'debounceKey' | 'batchKey'> & { readonly batchItem?: Candidate['batchItem'] };

/** As {@link triggerJob}, of a run that is prepared already. */
export async function triggerPrepared(
  job: CachedJob,
  run: NewRun,
  { debounceKey, batchKey, batchItem = null }: PreparedTrigger,
  deps: Pick<RunDeps, 'admissions' | 'tokens'>,
): Promise<TriggerAnswer> {
  const keys = { debounceKey: debounceKey ?? null, batchKey: batchKey ?? null };
  const outcome = await deps.admissions.one({ run, job, policies: 'all', ...keys, batchItem });
  return triggerAnswer(run, outcome, deps);
}

/**
 * Triggers one run of a job for a caller that needs this very run: as {@link triggerJob}, but neither debounced, nor gathered, nor
 * answered with the run of an equal payload.
 */
export async function triggerRun(actor: Actor, input: TriggerRun, deps: RunDeps): Promise<Triggered> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const run = prepare(actor, job, { item: input, origin: { triggeredBy: 'manual' } });
  return triggered(run, await admitLimited(job, run, deps), deps);
}

/** What the limits of a job, and storing, made of a run that nothing but itself can answer for. */
export async function admitLimited(
  job: CachedJob,
  run: NewRun,
  { admissions }: Pick<RunDeps, 'admissions'>,
): Promise<LimitedOutcome> {
  const outcome = await admissions.one({ run, job, policies: 'limits', debounceKey: null, batchKey: null, batchItem: null });
  if (!isLimited(outcome)) throw new Error(`run ${run.id} was ${outcome.kind} although only limits were to apply`);
  return outcome;
}

/** Checks a trigger as {@link triggerJob} would, and stores nothing. */
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
): Promise<CachedJob> {
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
  readonly triggeredBy: 'manual' | 'spawn' | 'workflow' | 'cron';
  readonly parent?: NewRun['parent'];
  readonly continues?: NewRun['continues'];
  /** The step of a workflow that it is the work of. */
  readonly step?: NewRun['step'];
}

/** Builds the row to store from checked input; throws what {@link triggerRun} documents. */
export function prepare(
  actor: Actor | StepActor | SystemActor,
  job: JobRow,
  from: { readonly item: TriggerItem; readonly origin: Origin },
): NewRun {
  const { item, origin } = from;
  const payload = item.payload ?? null;
  const text = payloadText(payload);
  checkPayload(job, payload);
  if (item.retryBackoff === 'custom' && job.retryDelaysSecs.length === 0) {
    throw new AppError('BAD_REQUEST', 'retry_backoff: "custom" needs a job with retry_delays_secs');
  }
  const scheduledAt = startOf(job, futureOf(item.scheduledAt), new Date());
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
    scheduledAt: scheduledAt ?? item.scheduledAt ?? null,
    ttlSecs: item.ttlSecs ?? job.runTtlSecs,
    timeoutSecs: item.timeoutSecs ?? job.timeoutSecs,
    timeoutSecsOverride: item.timeoutSecs ?? null,
    maxAttemptsOverride: item.maxAttempts ?? null,
    retryBackoff: item.retryBackoff ?? null,
    retryInitialDelaySecs: item.retryInitialDelaySecs ?? null,
    retryMaxDelaySecs: item.retryMaxDelaySecs ?? null,
    concurrencyKey: item.concurrencyKey ?? null,
    idempotencyKey: item.idempotencyKey ?? null,
    dependencyKey: dependencyKeyOf(payload, metadata),
    triggeredBy: origin.triggeredBy,
    createdBy: actorName(actor),
    parent: origin.parent ?? null,
    ...(origin.continues && { continues: origin.continues }),
    ...(origin.step && { step: origin.step }),
    batchId: null,
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
