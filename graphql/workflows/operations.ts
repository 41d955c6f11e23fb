import { type CanceledItem, CancelWorkflowRunsInput, cancelWorkflowRuns } from '../../src/domain/workflows/cancel-many.ts';
import {
  cancelWorkflowRun,
  pauseWorkflowRun,
  resumeWorkflowRun,
  WorkflowRunOperationInput,
} from '../../src/domain/workflows/operations.ts';
import { RetryWorkflowRunInput, retryWorkflowRun } from '../../src/domain/workflows/retry-run.ts';
import {
  approveStep,
  CompleteStepInput,
  completeStepByHand,
  DecideStepInput,
  declineStep,
  retryStep,
  StepOperationInput,
  skipStep,
} from '../../src/domain/workflows/step-operations.ts';
import { tailWorkflowRun } from '../../src/domain/workflows/tail.ts';
import { builder } from '../builder.ts';
import { seqAfter } from '../delivery.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { RetryModeEnum, WorkflowRunStatusEnum } from './enums.ts';
import { WorkflowRun, WorkflowRunEvent } from './type.ts';

const whole = describedBy(WorkflowRunOperationInput);
const WorkflowRunOperation = builder
  .inputType('WorkflowRunOperationInput', {
    description: 'Which workflow run, and why.',
    fields: (t) => ({ id: t.id({ required: true, ...whole.id }), reason: t.string(whole.reason) }),
  })
  .validate(leavingOutNulls(WorkflowRunOperationInput));

const retried = describedBy(RetryWorkflowRunInput);
const RetryWorkflowRun = builder
  .inputType('RetryWorkflowRunInput', {
    description: 'Which workflow run to do again, and how much of it.',
    fields: (t) => ({
      id: t.id({ required: true, ...retried.id }),
      mode: t.field({ type: RetryModeEnum, ...retried.mode }),
      step: t.string(retried.step),
      idempotencyKey: t.string(retried.idempotencyKey),
    }),
  })
  .validate(leavingOutNulls(RetryWorkflowRunInput));

const decided = describedBy(DecideStepInput);
const stepFields = {
  workflowRunId: decided.workflowRunId,
  ref: decided.ref,
  reason: decided.reason,
};
const StepOperation = builder
  .inputType('StepOperationInput', {
    description: 'Which step, and why.',
    fields: (t) => ({
      workflowRunId: t.id({ required: true, ...stepFields.workflowRunId }),
      ref: t.string({ required: true, ...stepFields.ref }),
      reason: t.string(stepFields.reason),
    }),
  })
  .validate(leavingOutNulls(StepOperationInput));

const DecideStep = builder
  .inputType('DecideStepInput', {
    description: 'Which step to decide about, who decides, and why.',
    fields: (t) => ({
      workflowRunId: t.id({ required: true, ...stepFields.workflowRunId }),
      ref: t.string({ required: true, ...stepFields.ref }),
      reason: t.string(stepFields.reason),
      approver: t.string(decided.approver),
    }),
  })
  .validate(leavingOutNulls(DecideStepInput));

const completed = describedBy(CompleteStepInput);
const CompleteStep = builder
  .inputType('CompleteStepInput', {
    description: 'Which step to complete by hand, with what, and why.',
    fields: (t) => ({
      workflowRunId: t.id({ required: true, ...stepFields.workflowRunId }),
      ref: t.string({ required: true, ...stepFields.ref }),
      reason: t.string(stepFields.reason),
      output: t.field({ type: 'JSON', ...completed.output }),
    }),
  })
  .validate(leavingOutNulls(CompleteStepInput));

const canceled = describedBy(CancelWorkflowRunsInput);
const CancelWorkflowRuns = builder
  .inputType('CancelWorkflowRunsInput', {
    description: 'Which workflow runs to cancel: `ids`, or conditions.',
    fields: (t) => ({
      ids: t.idList(canceled.ids),
      workflow: t.id(canceled.workflow),
      status: t.field({ type: [WorkflowRunStatusEnum], ...canceled.status }),
      reason: t.string(canceled.reason),
    }),
  })
  .validate(leavingOutNulls(CancelWorkflowRunsInput));

const CanceledWorkflowRun = builder.objectRef<CanceledItem>('CanceledWorkflowRun').implement({
  description: 'What became of one of many workflow runs.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The workflow run, as it was named.' }),
    status: t.expose('status', {
      type: WorkflowRunStatusEnum,
      nullable: true,
      description: 'Its status afterwards; null when there is none.',
    }),
    error: t.exposeString('error', { nullable: true, description: 'Why it was not canceled; null when it was.' }),
  }),
});

builder.mutationFields((t) => {
  const authScopes = { scope: 'workflows:write' } as const;
  const operation = t.arg({ type: WorkflowRunOperation, required: true, description: 'Which one, and why.' });
  const step = t.arg({ type: StepOperation, required: true, description: 'Which step, and why.' });
  const decision = t.arg({ type: DecideStep, required: true, description: 'Which step, who decides, and why.' });
  return {
    cancelWorkflowRun: t.field({
      type: WorkflowRun,
      description:
        'Cancels a workflow run with its runs and the workflows below it; CONFLICT when it has ended. Requires `workflows:write`.',
      args: { input: operation },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await cancelWorkflowRun(actor, input, workflows);
        return { id: input.id };
      },
    }),
    cancelWorkflowRuns: t.field({
      type: [CanceledWorkflowRun],
      description: 'Cancels many workflow runs, at most 1,000, each as `cancelWorkflowRun` does. Requires `workflows:write`.',
      args: { input: t.arg({ type: CancelWorkflowRuns, required: true, description: 'Which ones.' }) },
      authScopes,
      resolve: (_root, { input }, { actor, workflows }) => cancelWorkflowRuns(actor, input, workflows),
    }),
    pauseWorkflowRun: t.field({
      type: WorkflowRun,
      description:
        'Pauses a workflow run: what is under way goes on, nothing new starts. CONFLICT unless it runs. Requires `workflows:write`.',
      args: { input: operation },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await pauseWorkflowRun(actor, input, workflows);
        return { id: input.id };
      },
    }),
    resumeWorkflowRun: t.field({
      type: WorkflowRun,
      description: 'Lets a paused workflow run go on; CONFLICT unless it is paused. Requires `workflows:write`.',
      args: { input: operation },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await resumeWorkflowRun(actor, input, workflows);
        return { id: input.id };
      },
    }),
    retryWorkflowRun: t.field({
      type: WorkflowRun,
      description:
        'Does an ended workflow run again, as a new one that links to it and keeps what the mode says. CONFLICT while it goes on. Requires `workflows:trigger`.',
      args: { input: t.arg({ type: RetryWorkflowRun, required: true, description: 'Which one, and how much of it.' }) },
      authScopes: { scope: 'workflows:trigger' },
      resolve: async (_root, { input }, { actor, workflows }) => ({ id: await retryWorkflowRun(actor, input, workflows) }),
    }),
    approveStep: t.field({
      type: WorkflowRun,
      description: 'Approves a step that waits for it; CONFLICT for any other. Requires `workflows:write`.',
      args: { input: decision },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await approveStep(actor, input, workflows);
        return { id: input.workflowRunId };
      },
    }),
    declineStep: t.field({
      type: WorkflowRun,
      description: 'Declines a step that waits for approval: it fails. CONFLICT for any other. Requires `workflows:write`.',
      args: { input: decision },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await declineStep(actor, input, workflows);
        return { id: input.workflowRunId };
      },
    }),
    skipStep: t.field({
      type: WorkflowRun,
      description:
        'Skips a step that is not over; what depends on it goes on. CONFLICT when it is over. Requires `workflows:write`.',
      args: { input: step },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await skipStep(actor, input, workflows);
        return { id: input.workflowRunId };
      },
    }),
    completeStep: t.field({
      type: WorkflowRun,
      description: 'Completes a step by hand, with an output; CONFLICT when it has completed. Requires `workflows:write`.',
      args: { input: t.arg({ type: CompleteStep, required: true, description: 'Which step, with what, and why.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await completeStepByHand(actor, input, workflows);
        return { id: input.workflowRunId };
      },
    }),
    retryStep: t.field({
      type: WorkflowRun,
      description:
        'Starts a failed step again while its workflow run goes on; CONFLICT for any other. Requires `workflows:write`.',
      args: { input: step },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => {
        await retryStep(actor, input, workflows);
        return { id: input.workflowRunId };
      },
    }),
  };
});

builder.subscriptionField('workflowRunChanged', (t) =>
  t.field({
    type: WorkflowRunEvent,
    description:
      'Follows the story of a workflow run: every event after `after` in order, each once, then live; it completes when the workflow run has ended and everything is told. Requires `workflows:read`.',
    args: {
      id: t.arg.id({ required: true, description: 'The workflow run.' }),
      after: t.arg.int({ defaultValue: 0, description: 'Only events with a higher `seq`; 0 is the beginning.' }),
      refuseOver: t.arg.boolean({
        defaultValue: false,
        description: 'GONE instead of an empty stream when the workflow run has ended and nothing after `after` is left to tell.',
      }),
    },
    authScopes: { scope: 'workflows:read' },
    subscribe: (_root, { id, after, refuseOver }, { actor, runs, delivery }) =>
      tailWorkflowRun(actor, { id, after: seqAfter(delivery, after) ?? 0, refuseOver }, runs),
    resolve(event, _args, { delivery }) {
      delivery.deliver({ cursor: String(event.seq), since: event.createdAt });
      return event;
    },
  }),
);
