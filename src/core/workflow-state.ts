/**
 * The words of workflows and the life of a workflow run and of its steps.
 *
 * A workflow run: pending → running ⇄ paused → completed | failed | timed_out | canceled.
 * A step: pending → running (a run or a workflow works on it) | waiting (for a person, an event, a time) → completed | failed | canceled;
 * skipped and canceled also from pending.
 */

/** What a step can be. */
export const STEP_KINDS = ['job', 'map', 'approval', 'wait_for_event', 'sleep', 'sub_workflow', 'condition', 'router'] as const;

/** A member of {@link STEP_KINDS}. */
export type StepKind = (typeof STEP_KINDS)[number];

/** Where a step of a workflow run stands. */
export const STEP_STATUSES = ['pending', 'waiting', 'running', 'completed', 'failed', 'skipped', 'canceled'] as const;

/** A member of {@link STEP_STATUSES}. */
export type StepStatus = (typeof STEP_STATUSES)[number];

/** Where a workflow run stands. */
export const WORKFLOW_RUN_STATUSES = ['pending', 'running', 'paused', 'completed', 'failed', 'timed_out', 'canceled'] as const;

/** A member of {@link WORKFLOW_RUN_STATUSES}. */
export type WorkflowRunStatus = (typeof WORKFLOW_RUN_STATUSES)[number];

/** Statuses of a workflow run in which nothing more happens. */
export const FINAL_WORKFLOW_STATUSES = [
  'completed',
  'failed',
  'timed_out',
  'canceled',
] as const satisfies readonly WorkflowRunStatus[];

/** Statuses of a workflow run that goes on. */
export const OPEN_WORKFLOW_STATUSES = ['pending', 'running', 'paused'] as const satisfies readonly WorkflowRunStatus[];

/** True when the workflow run has ended. */
export function isFinalWorkflow(status: WorkflowRunStatus): boolean {
  return (FINAL_WORKFLOW_STATUSES as readonly WorkflowRunStatus[]).includes(status);
}

/** True when nothing more happens to a step by itself. */
export function isSettled(status: StepStatus): boolean {
  return status !== 'pending' && status !== 'waiting' && status !== 'running';
}

/** What a failed step means for the rest. */
export const FAILURE_POLICIES = ['fail_workflow', 'skip_dependents', 'continue'] as const;

/** A member of {@link FAILURE_POLICIES}. */
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

/** Why a step was skipped. */
export const SKIP_REASONS = ['condition', 'not_chosen', 'upstream_skipped', 'upstream_failed', 'disabled', 'by_user'] as const;

/** A member of {@link SKIP_REASONS}. */
export type SkipReason = (typeof SKIP_REASONS)[number];
