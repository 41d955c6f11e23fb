import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordInput, wordOutput } from '../names.ts';
import { gql } from '../route.ts';
import { STEP_TYPES } from './workflow-schema.ts';

/** Where a workflow run stands. */
export const WORKFLOW_RUN_STATUSES = ['pending', 'running', 'paused', 'completed', 'failed', 'timed_out', 'canceled'] as const;
/** How much of a workflow run is done again. */
export const RETRY_MODES = ['from_failed', 'from_step', 'full'] as const;
/** Where a step stands. */
const STEP_STATUSES = ['pending', 'waiting', 'running', 'completed', 'failed', 'skipped', 'canceled'] as const;
const SKIP_REASONS = ['condition', 'not_chosen', 'upstream_skipped', 'upstream_failed', 'disabled', 'by_user'] as const;
const DECISIONS = ['approved', 'declined', 'skipped', 'completed', 'retried'] as const;
const EVENT_TYPES = ['run', 'step', 'decision', 'progress'] as const;

/** The status of a workflow run in an answer. */
export const workflowRunStatus = wordOutput(WORKFLOW_RUN_STATUSES).describe('Where the workflow run stands in its life.');
/** The status that workflow runs are filtered by. */
export const workflowRunStatusParam = wordInput(WORKFLOW_RUN_STATUSES, 'is invalid').describe('Only those with this status.');

/** A workflow run in an answer: every field is there, null where there is nothing to say. */
export const workflowRunSchema = z
  .object({
    id: z.string().describe('The workflow run.'),
    project_id: z.string().describe('The project it belongs to.'),
    workflow_id: z.string().describe('The workflow it executes.'),
    workflow_version: z.int().describe('The version of the workflow it was triggered under.'),
    status: workflowRunStatus,
    payload: z.unknown().describe('Its input, any JSON.'),
    output: z.unknown().describe('What it returned, any JSON; null until it has completed.'),
    error: z.string().nullable().describe('Why it failed.'),
    failed_step: z.string().nullable().describe('The step whose failure ended it.'),
    tags: z.record(z.string(), z.string()).describe('Labels of the trigger over those of the workflow.'),
    triggered_by: z.string().describe('What triggered it: `manual`, `workflow`, `retry` and others to come.'),
    created_by: z.string().describe('Who triggered it.'),
    idempotency_key: z.string().nullable().describe('A trigger with the same key answers this one while it goes on.'),
    parent_workflow_run_id: z.string().nullable().describe('The workflow run whose step it is the work of.'),
    parent_step_run_id: z.string().nullable().describe('The step that it is the work of.'),
    retry_of_run_id: z.string().nullable().describe('The workflow run that it does again.'),
    retry_mode: wordOutput(RETRY_MODES).nullable().describe('How much of it.'),
    retry_from: z.string().nullable().describe('For `from_step`: from which step on.'),
    timeout_secs: z.int().nullable().describe('Seconds it may take, pauses not counted; null is unlimited.'),
    deadline_at: dateTime.nullable().describe('When it times out.'),
    paused_at: dateTime.nullable().describe('When it was paused, while it is.'),
    started_at: dateTime.nullable().describe('When it started.'),
    finished_at: dateTime.nullable().describe('When it ended.'),
    created_at: dateTime.describe('When it was triggered.'),
  })
  .meta({ id: 'WorkflowRun', description: 'One execution of a workflow.' });

/** A step of a workflow run in an answer. */
export const stepRunSchema = z
  .object({
    id: z.string().describe('The step of this workflow run; runs that are its work have it as `workflow_step_run_id`.'),
    workflow_run_id: z.string().describe('The workflow run.'),
    step_ref: z.string().describe('Its name within the workflow.'),
    type: wordOutput(STEP_TYPES).describe('What it does.'),
    status: wordOutput(STEP_STATUSES).describe('Where it stands.'),
    skip_reason: wordOutput(SKIP_REASONS).nullable().describe('Why it was skipped.'),
    attempt: z.int().describe('How often it was started.'),
    chosen: z.array(z.string()).describe('The steps that a condition or a router has chosen.'),
    input: z.unknown().describe('What it was given, any JSON.'),
    output: z.unknown().describe('What it returned, any JSON.'),
    error: z.string().nullable().describe('Why it failed.'),
    wake_at: dateTime.nullable().describe('When a sleep is over.'),
    map_total: z.int().nullable().describe('How many items a map has.'),
    map_started: z.int().nullable().describe('How many of them were started.'),
    decision: wordOutput(DECISIONS).nullable().describe('What somebody decided about it.'),
    decided_by: z.string().nullable().describe('Who did.'),
    decision_reason: z.string().nullable().describe('And why.'),
    decided_at: dateTime.nullable().describe('And when.'),
    kept_from: z.string().nullable().describe('Of a retry: the workflow run whose result it took over.'),
    started_at: dateTime.nullable().describe('When it was last started.'),
    finished_at: dateTime.nullable().describe('When it was over.'),
  })
  .meta({ id: 'WorkflowStepRun', description: 'One step of a workflow run.' });

/** One line of the story of a workflow run in an answer. */
export const workflowRunEventSchema = z
  .object({
    id: z.string().describe('The workflow run and the number of the event in it.'),
    workflow_run_id: z.string().describe('The workflow run.'),
    seq: z.int().describe('Counts from 1 without gaps.'),
    type: wordOutput(EVENT_TYPES).describe('What kind of event it is.'),
    step_ref: z.string().nullable().describe('The step; null for what happens to the whole.'),
    message: z.string().describe('What happened, for people.'),
    from_status: z.string().nullable().describe('The status before.'),
    to_status: z.string().nullable().describe('The status afterwards; null where none changed.'),
    attempt: z.int().nullable().describe('Which start of the step it belongs to.'),
    actor: z.string().nullable().describe('Who did it, where somebody did.'),
    data: z.record(z.string(), z.unknown()).nullable().describe('What else there is to know.'),
    created_at: dateTime.describe('When it happened.'),
  })
  .meta({ id: 'WorkflowRunEvent', description: 'One line of the story of a workflow run.' });

/** Selects a {@link workflowRunSchema}. */
export const WORKFLOW_RUN = gql`fragment WorkflowRunV1 on WorkflowRun {
  id project_id: projectId workflow_id: workflowId workflow_version: workflowVersion status payload output error
  failed_step: failedStep tags triggered_by: triggeredBy created_by: createdBy idempotency_key: idempotencyKey
  parent_workflow_run_id: parentRunId parent_step_run_id: parentStepRunId retry_of_run_id: retryOf retry_mode: retryMode
  retry_from: retryFrom timeout_secs: timeoutSecs deadline_at: deadlineAt paused_at: pausedAt started_at: startedAt
  finished_at: finishedAt created_at: createdAt
}`;

/** Selects a {@link stepRunSchema}. */
export const STEP_RUN = gql`fragment StepRunV1 on StepRun {
  id workflow_run_id: workflowRunId step_ref: ref type: kind status skip_reason: skipReason attempt chosen input output error
  wake_at: wakeAt map_total: mapTotal map_started: mapStarted decision decided_by: decidedBy decision_reason: decisionReason
  decided_at: decidedAt kept_from: keptFrom started_at: startedAt finished_at: finishedAt
}`;

/** Selects a {@link workflowRunEventSchema}. */
export const WORKFLOW_RUN_EVENT = gql`fragment WorkflowRunEventV1 on WorkflowRunEvent {
  id workflow_run_id: workflowRunId seq type step_ref: stepRef message from_status: fromStatus to_status: toStatus attempt actor
  data created_at: createdAt
}`;

/** What {@link WORKFLOW_RUN} yields. */
export type WorkflowRunV1 = z.input<typeof workflowRunSchema>;
/** What {@link STEP_RUN} yields. */
export type StepRunV1 = z.input<typeof stepRunSchema>;
/** What {@link WORKFLOW_RUN_EVENT} yields. */
export type WorkflowRunEventV1 = z.input<typeof workflowRunEventSchema>;
