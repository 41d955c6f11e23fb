import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { gql } from '../route.ts';
import { RETRY_STRATEGIES } from './job-schema.ts';
import { runStatus } from './run-status.ts';

const milliseconds = z.number();
const stringMap = z.record(z.string(), z.string());

const executionTraceSchema = z
  .object({
    queue_wait_ms: milliseconds.describe('From due to claimed.'),
    dequeue_ms: milliseconds.describe('From claimed to dispatched.'),
    connect_ms: milliseconds.describe('Connecting to the executor.'),
    ttfb_ms: milliseconds.describe('From the request to the first byte of the answer.'),
    transfer_ms: milliseconds.describe('Reading the answer.'),
    total_ms: milliseconds.describe('All of it.'),
    dispatch_ms: milliseconds.describe('Connecting, waiting and reading together.'),
  })
  .meta({ id: 'ExecutionTrace', description: 'How long each phase of the last attempt took.' });

/** A run in an answer: every documented field is there, null where there is nothing to say. */
export const jobRunSchema = z
  .object({
    id: z.string().describe('The run.'),
    job_id: z.string().describe('The job it executes.'),
    project_id: z.string().describe('The project it belongs to.'),
    status: runStatus,
    attempt: z.int().describe('The current attempt, counted from 1; starts again at 1 with a replay from the dead letters.'),
    payload: z.unknown().describe('The input, any JSON.'),
    result: z.unknown().describe('What it returned, any JSON; null until it has completed.'),
    metadata: stringMap.describe('Notes of the trigger over those of the job.'),
    error: z.string().nullable().describe('Why its last attempt failed.'),
    triggered_by: z.string().describe('What triggered it: `manual`, `spawn` and others to come.'),
    scheduled_at: dateTime.nullable().describe('When it was asked to start, if not at once.'),
    started_at: dateTime.nullable().describe('When its current or last attempt started.'),
    finished_at: dateTime.nullable().describe('When it reached its final status.'),
    heartbeat_at: dateTime.nullable().describe('The last sign of life of its current or last attempt.'),
    next_retry_at: dateTime.nullable().describe('When the next attempt is due, while it waits for one.'),
    expires_at: dateTime.nullable().describe('When it expires unless it has started.'),
    parent_run_id: z.string().nullable().describe('The run that spawned it.'),
    priority: z.int().describe('Higher goes first: 0 to 10.'),
    idempotency_key: z.string().nullable().describe('A trigger with the same key answers this run while it is live.'),
    job_version: z.int().describe('The version of the job it was triggered under.'),
    workflow_step_run_id: z.string().nullable().describe('The workflow step it executes.'),
    max_attempts_override: z
      .int()
      .nullable()
      .describe('The number of attempts its trigger asked for; null takes that of the job.'),
    timeout_secs_override: z
      .int()
      .nullable()
      .describe('The timeout its trigger asked for, in seconds; null takes that of the job.'),
    retry_backoff: wordOutput(RETRY_STRATEGIES).nullable().describe('The retry strategy asked for; null takes that of the job.'),
    retry_initial_delay_secs: z.int().nullable().describe('The first retry delay asked for; null takes that of the job.'),
    retry_max_delay_secs: z.int().nullable().describe('The longest retry delay asked for; null takes that of the job.'),
    execution_trace: executionTraceSchema.nullable(),
    debug_mode: z.boolean().describe('Asks for more detail in its events.'),
    continuation_of: z.string().nullable().describe('The run it continues.'),
    lineage_depth: z.int().describe('How many runs it continues, one after the other.'),
    tags: stringMap.describe('Labels of the trigger over those of the job.'),
    job_version_id: z.string().describe('Public id of the version of the job, `ver_…`.'),
    created_by: z.string().describe('Who triggered it: `key:<id>` or `run:<id>`.'),
    batch_id: z.string().nullable().describe('The bulk trigger that made it.'),
    concurrency_key: z.string().nullable().describe('Runs of the job with the same key share a limit.'),
    created_at: dateTime.describe('When it was triggered, to the microsecond.'),
  })
  .meta({ id: 'JobRun', description: 'One execution of a job, through one or more attempts.' });

/** Selects a {@link jobRunSchema}. */
export const JOB_RUN = gql`fragment JobRunV1 on Run {
  id job_id: jobId project_id: projectId status attempt payload result metadata error triggered_by: triggeredBy
  scheduled_at: scheduledAt started_at: startedAt finished_at: finishedAt heartbeat_at: heartbeatAt next_retry_at: nextRetryAt
  expires_at: expiresAt parent_run_id: parentRunId priority idempotency_key: idempotencyKey job_version: jobVersion
  workflow_step_run_id: workflowStepRunId max_attempts_override: maxAttemptsOverride timeout_secs_override: timeoutSecsOverride
  retry_backoff: retryBackoff retry_initial_delay_secs: retryInitialDelaySecs retry_max_delay_secs: retryMaxDelaySecs
  execution_trace: executionTrace {
    queue_wait_ms: queueWaitMs dequeue_ms: dequeueMs connect_ms: connectMs ttfb_ms: ttfbMs transfer_ms: transferMs
    total_ms: totalMs dispatch_ms: dispatchMs
  }
  debug_mode: debugMode continuation_of: continuationOf lineage_depth: lineageDepth tags job_version_id: jobVersionId
  created_by: createdBy batch_id: batchId concurrency_key: concurrencyKey created_at: createdAt
}`;

/** What {@link JOB_RUN} yields. */
export type JobRunV1 = z.input<typeof jobRunSchema>;
