import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { RUN_STATUSES } from '../../core/run-state.ts';
import { JsonObjectInput, key, MetadataFilter, Tags } from '../../core/schemas.ts';

/** Bytes of JSON a containment filter may have. */
const MAX_CONTAINS_BYTES = 4_096;
const Instant = z.date();

/**
 * Which runs are meant, for lists, counts, subscriptions and bulk operations alike. All conditions must hold; a missing one holds for
 * every run.
 */
export const RunFilterInput = z.strictObject({
  status: z.array(z.enum(RUN_STATUSES)).min(1).max(RUN_STATUSES.length).optional().describe('Any of these statuses.'),
  job: key(128).optional().describe('Id or slug of the job.'),
  triggeredBy: key(64).optional().describe('What triggered it: manual, cron, spawn, workflow, retry, event.'),
  batchId: key(64).optional().describe('Runs of one bulk trigger.'),
  parentRunId: key(64).optional().describe('Children of one run.'),
  workflowStepRunId: key(64).optional().describe('Runs that are the work of one workflow step.'),
  scheduleId: key(64).optional().describe('Runs that one schedule has made, of the moments it still knows.'),
  concurrencyKey: key(128).optional().describe('Runs with this concurrency key.'),
  idempotencyKey: key(256).optional().describe('Runs with this idempotency key.'),
  payloadContains: JsonObjectInput.optional().describe('The payload contains this JSON object, at any depth of its own nesting.'),
  metadata: MetadataFilter.optional().describe('The metadata has all of these pairs.'),
  tags: Tags.optional().describe('The tags have all of these pairs.'),
  createdAfter: Instant.optional().describe('Created at this moment or later.'),
  createdBefore: Instant.optional().describe('Created before this moment.'),
});

/** A parsed {@link RunFilterInput}. */
export type RunFilter = z.output<typeof RunFilterInput>;

/** A SQL condition over `runs r` with its parameters, numbered from `$1`. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * Compiles a filter into SQL over `runs r`; the caller's project is always part of it. Text of the user travels as parameters only. An
 * id that cannot be one matches nothing; a containment filter that is too large is BAD_REQUEST.
 */
export function compileFilter(actor: Actor, filter: RunFilter): Condition {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const parts = [`r.project_id = ${bind(actor.projectId)}`];
  const data: string[] = [];
  const uuid = (column: string, value: string): string => (isUuid(value) ? `${column} = ${bind(value)}::uuid` : 'false');

  if (filter.status) parts.push(statusCondition(filter.status, bind));
  if (filter.job !== undefined) {
    parts.push(
      isUuid(filter.job)
        ? uuid('r.job_id', filter.job)
        : `r.job_id in (select j.id from jobs j where j.project_id = r.project_id and j.slug = ${bind(filter.job)})`,
    );
  }
  if (filter.triggeredBy !== undefined) parts.push(`r.triggered_by = ${bind(filter.triggeredBy)}`);
  if (filter.batchId !== undefined) parts.push(uuid('r.batch_id', filter.batchId));
  if (filter.parentRunId !== undefined) parts.push(uuid('r.parent_run_id', filter.parentRunId));
  if (filter.workflowStepRunId !== undefined) parts.push(uuid('r.workflow_step_run_id', filter.workflowStepRunId));
  if (filter.scheduleId !== undefined) {
    const made = uuid('f.schedule_id', filter.scheduleId);
    parts.push(`r.id in (select f.run_id from schedule_fires f where ${made} and f.outcome = 'started')`);
  }
  if (filter.concurrencyKey !== undefined) parts.push(`r.concurrency_key = ${bind(filter.concurrencyKey)}`);
  if (filter.idempotencyKey !== undefined) parts.push(`r.idempotency_key = ${bind(filter.idempotencyKey)}`);
  if (filter.createdAfter) parts.push(`r.created_at >= ${bind(filter.createdAfter)}`);
  if (filter.createdBefore) parts.push(`r.created_at < ${bind(filter.createdBefore)}`);
  for (const [column, value] of [
    ['payload', filter.payloadContains],
    ['metadata', filter.metadata],
    ['tags', filter.tags],
  ] as const) {
    if (value && Object.keys(value).length > 0) data.push(`d.${column} @> ${bind(containment(column, value))}::jsonb`);
  }
  if (data.length > 0) parts.push(`exists (select from run_data d where d.run_id = r.id and ${data.join(' and ')})`);
  return { sql: parts.join(' and '), values };
}

/** A single status as an equation, which the planner can put before the order of the index; several as a set. */
function statusCondition(statuses: readonly string[], bind: (value: unknown) => string): string {
  const [first, ...others] = statuses;
  return others.length === 0 ? `r.status = ${bind(first)}` : `r.status = any (${bind(statuses)}::text[])`;
}

function containment(column: string, value: object): string {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_CONTAINS_BYTES) {
    throw new AppError('BAD_REQUEST', `the ${column} filter has more than ${MAX_CONTAINS_BYTES} bytes; filter by fewer keys`);
  }
  return text;
}
