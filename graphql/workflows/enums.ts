import type { FailurePolicy, SkipReason, StepKind, StepStatus, WorkflowRunStatus } from '../../src/core/workflow-state.ts';
import type { RETRY_MODES } from '../../src/domain/workflows/retry-run.ts';
import { builder } from '../builder.ts';
import { enumValues } from '../enum-values.ts';

/** Where a workflow run stands. */
export const WorkflowRunStatusEnum = builder.enumType('WorkflowRunStatus', {
  description: 'Where a workflow run stands in its life.',
  values: enumValues<WorkflowRunStatus>({
    pending: 'It is about to start.',
    running: 'Its steps go on.',
    paused: 'What is under way goes on, and nothing new starts until it is resumed.',
    completed: 'Final: every step is over.',
    failed: 'Final: a step has failed, or its output breaks the schema.',
    timed_out: 'Final: it took too long.',
    canceled: 'Final: it was canceled.',
  }),
});

/** Where a step stands. */
export const StepStatusEnum = builder.enumType('StepStatus', {
  description: 'Where a step of a workflow run stands.',
  values: enumValues<StepStatus>({
    pending: 'What it depends on is not over.',
    waiting: 'It waits for a person, an event or a time.',
    running: 'Runs or a workflow work for it.',
    completed: 'Final: it has its output.',
    failed: 'Final: its work failed, or could not begin.',
    skipped: 'Final: it was left out.',
    canceled: 'Final: the workflow run ended before it.',
  }),
});

/** What a step does. */
export const StepKindEnum = builder.enumType('StepKind', {
  description: 'What a step does.',
  values: enumValues<StepKind>({
    job: 'It runs a job.',
    map: 'It runs a job once for each item of a list.',
    approval: 'It waits until somebody approves or declines.',
    wait_for_event: 'It waits until an event is sent to a key.',
    sleep: 'It waits for a time.',
    sub_workflow: 'It runs another workflow.',
    condition: 'It leaves out one of two sides.',
    router: 'It chooses one of several ways.',
  }),
});

/** What the failure of a step means. */
export const FailurePolicyEnum = builder.enumType('FailurePolicy', {
  description: 'What the failure of a step means for the rest of its workflow.',
  values: enumValues<FailurePolicy>({
    fail_workflow: 'The workflow run fails at once.',
    skip_dependents: 'What depends on it is skipped; everything else goes on.',
    continue: 'What depends on it goes on as if it had completed.',
  }),
});

/** Why a step was skipped. */
export const SkipReasonEnum = builder.enumType('SkipReason', {
  description: 'Why a step was skipped.',
  values: enumValues<SkipReason>({
    condition: 'Its condition does not hold.',
    not_chosen: 'A condition or router chose another way.',
    upstream_skipped: 'All it depends on was skipped.',
    upstream_failed: 'Something it depends on has failed.',
    disabled: 'The trigger left it out.',
    by_user: 'A person skipped it.',
  }),
});

/** How much of a workflow run is done again. */
export const RetryModeEnum = builder.enumType('WorkflowRetryMode', {
  description: 'How much of a workflow run is done again.',
  values: enumValues<(typeof RETRY_MODES)[number]>({
    from_failed: 'What has not completed, and all after it.',
    from_step: 'One step, and all after it.',
    full: 'Everything.',
  }),
});

/** The decisions about steps that the database knows. */
export const DECISIONS = ['approved', 'declined', 'skipped', 'completed', 'retried'] as const;

/** What somebody decided about a step. */
export const StepDecisionEnum = builder.enumType('StepDecision', {
  description: 'What somebody decided about a step.',
  values: enumValues<(typeof DECISIONS)[number]>({
    approved: 'It was approved.',
    declined: 'It was declined.',
    skipped: 'It was skipped.',
    completed: 'It was completed by hand.',
    retried: 'It was started again.',
  }),
});

/** The types of events of workflow runs that the database knows. */
export const WORKFLOW_EVENT_TYPES = ['run', 'step', 'decision', 'progress'] as const;

/** What kind of event of a workflow run it is. */
export const WorkflowEventTypeEnum = builder.enumType('WorkflowRunEventType', {
  description: 'What kind of event of a workflow run it is.',
  values: enumValues<(typeof WORKFLOW_EVENT_TYPES)[number]>({
    run: 'The status of the whole changed.',
    step: 'The status of a step changed.',
    decision: 'Somebody decided about a step.',
    progress: 'A step went on.',
  }),
});
