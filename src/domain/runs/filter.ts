import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { RUN_STATUSES } from '../../core/run-state.ts';
import { JsonObjectInput, key, MetadataFilter, Tags, text } from '../../core/schemas.ts';

/** Bytes of JSON a containment filter may have. */
const MAX_CONTAINS_BYTES = 4_096;
/** Characters of an error that a filter may ask for. */
const MAX_ERROR_TEXT = 256;
/** Runs with an error, the newest of a project, that a text is looked for in: what bounds a search for one that is nowhere. */
const SEARCHED_ERRORS = 100_000;
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
  finishedAfter: Instant.optional().describe('Ended at this moment or later.'),
  finishedBefore: Instant.optional().describe('Ended before this moment.'),
  errorContains: text(MAX_ERROR_TEXT)
    .min(1)
    .optional()
    .describe('The error has this text, small and capital letters alike; looked for in the newest 100,000 runs with an error.'),
  errorGroup: key(64).optional().describe('Dead letters of this group of equal errors, an id of `deadLetterGroups`.'),
});

/** A parsed {@link RunFilterInput}. */
export type RunFilter = z.output<typeof RunFilterInput>;

/** A SQL condition over `runs r` with its parameters, numbered from `$1`. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Adds a value to the parameters of a statement; answers its placeholder. */
type Bind = (value: unknown) => string;

/**
 * Compiles a filter into SQL over `runs r`; the caller's project is always part of it. Text of the user travels as parameters only. An
 * id that cannot be one matches nothing; a containment filter that is too large is BAD_REQUEST. Parameters are numbered behind those in
 * `before`, which come first among the values.
 */
export function compileFilter(actor: Actor, filter: RunFilter, before: readonly unknown[] = []): Condition {
  const values = [...before];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const project = bind(actor.projectId);
  const parts = [`r.project_id = ${project}`];
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
  if (filter.finishedAfter || filter.finishedBefore) parts.push(...finishedConditions(filter, project, bind));
  if (filter.errorContains !== undefined) parts.push(...errorConditions(filter.errorContains, project, bind));
  if (filter.errorGroup !== undefined) {
    parts.push(`r.status = 'dead_letter'`, uuid('baton_error_group(r.job_id, r.error)', filter.errorGroup));
  }
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
function statusCondition(statuses: readonly string[], bind: Bind): string {
  const [first, ...others] = statuses;
  return others.length === 0 ? `r.status = ${bind(first)}` : `r.status = any (${bind(statuses)}::text[])`;
}

/**
 * No run ended before it was created, which cuts a list by creation at one end; and the index of ended runs is by job, so all jobs of the
 * project are named.
 */
function finishedConditions(filter: RunFilter, project: string, bind: Bind): string[] {
  const { job, finishedAfter, finishedBefore } = filter;
  const parts = ['r.finished_at is not null'];
  if (job === undefined) parts.push(`r.job_id = any (array(select j.id from jobs j where j.project_id = ${project}))`);
  if (finishedAfter) parts.push(`r.finished_at >= ${bind(finishedAfter)}`);
  if (finishedBefore) {
    const end = bind(finishedBefore);
    parts.push(`r.finished_at < ${end}`, `r.created_at < ${end}`);
  }
  return parts;
}

/** The text as it is: nothing in it stands for anything else. */
function errorConditions(contained: string, project: string, bind: Bind): string[] {
  const pattern = `%${contained.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return [
    'r.error is not null',
    `r.error ilike ${bind(pattern)}`,
    `r.created_at >= coalesce((select e.created_at from runs e where e.project_id = ${project} and e.error is not null
       order by e.created_at desc offset ${SEARCHED_ERRORS} limit 1), '-infinity')`,
  ];
}

function containment(column: string, value: object): string {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_CONTAINS_BYTES) {
    throw new AppError('BAD_REQUEST', `the ${column} filter has more than ${MAX_CONTAINS_BYTES} bytes; filter by fewer keys`);
  }
  return text;
}
