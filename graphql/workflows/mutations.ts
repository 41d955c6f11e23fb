import { MAX_WAIT_SECS } from '../../src/domain/workflows/definition.ts';
import { type WorkflowPreview as Preview, previewWorkflow } from '../../src/domain/workflows/preview-run.ts';
import { createWorkflow, deleteWorkflow, updateWorkflow } from '../../src/domain/workflows/save-workflow.ts';
import {
  StepOverrideInput,
  TriggerWorkflowInput,
  triggerWorkflow,
  type WorkflowTriggered,
} from '../../src/domain/workflows/trigger-workflow.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { WorkflowRunStatusEnum } from './enums.ts';
import { CreateWorkflow, UpdateWorkflow } from './inputs.ts';
import { Workflow, WorkflowRun, workflowNode } from './type.ts';

const override = describedBy(StepOverrideInput);
const StepOverride = builder.inputType('StepOverrideInput', {
  description: 'Whether a step takes part in one workflow run.',
  fields: (t) => ({
    ref: t.string({ required: true, ...override.ref }),
    enabled: t.boolean({ required: true, ...override.enabled }),
  }),
});

const triggered = describedBy(TriggerWorkflowInput);
/** What to trigger. */
export const TriggerWorkflow = builder
  .inputType('TriggerWorkflowInput', {
    description: 'Which workflow to trigger, and with what.',
    fields: (t) => ({
      workflow: t.id({ required: true, ...triggered.workflow }),
      payload: t.field({ type: 'JSON', ...triggered.payload }),
      idempotencyKey: t.string(triggered.idempotencyKey),
      tags: t.field({ type: 'StringMap', ...triggered.tags }),
      stepOverrides: t.field({ type: [StepOverride], ...triggered.stepOverrides }),
      parentRunId: t.id(triggered.parentRunId),
      timeoutSecs: t.int(triggered.timeoutSecs),
    }),
  })
  .validate(leavingOutNulls(TriggerWorkflowInput));

/** What answers a trigger. */
export const TriggerWorkflowResult = builder.objectRef<WorkflowTriggered>('TriggerWorkflowResult').implement({
  description: 'The workflow run that answers a trigger.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The workflow run.' }),
    status: t.expose('status', { type: WorkflowRunStatusEnum, description: 'Its status when it was triggered.' }),
    idempotencyHit: t.exposeBoolean('idempotencyHit', {
      description: 'Whether it was there already, under the same idempotency key.',
    }),
    workflowRun: t.field({
      type: WorkflowRun,
      description:
        'The workflow run as it is now. Requires `workflows:read`, or `workflows:trigger` of whoever has just made it.',
      authScopes: { scope: 'workflows:read', orScope: 'workflows:trigger' },
      resolve: (run) => run,
    }),
  }),
});

const WorkflowRound = builder.objectRef<{ readonly steps: readonly string[] }>('WorkflowRound').implement({
  description: 'Steps that can be under way at once.',
  fields: (t) => ({ steps: t.stringList({ description: 'Their refs.', resolve: ({ steps }) => [...steps] }) }),
});

const WorkflowPreview = builder.objectRef<Preview>('WorkflowPreview').implement({
  description: 'What a trigger would do.',
  fields: (t) => ({
    workflow: t.field({
      type: Workflow,
      description: 'The workflow it would run.',
      resolve: ({ workflow }) => workflowNode(workflow),
    }),
    payloadHash: t.exposeString('payloadHash', { description: 'SHA-256 of the payload.' }),
    rounds: t.field({
      type: [WorkflowRound],
      description: 'Its steps by rounds: those of one can be under way at once, and come after those of the rounds before.',
      resolve: ({ rounds }) => rounds.map((steps) => ({ steps })),
    }),
    disabled: t.stringList({ description: 'The steps that the overrides leave out.', resolve: ({ disabled }) => [...disabled] }),
  }),
});

builder.queryField('previewWorkflow', (t) =>
  t.field({
    type: WorkflowPreview,
    description: 'Checks a trigger and says in which order its steps could run; nothing is stored. Requires `workflows:trigger`.',
    args: { input: t.arg({ type: TriggerWorkflow, required: true, description: 'What would be triggered.' }) },
    authScopes: { scope: 'workflows:trigger' },
    resolve: (_root, { input }, { actor, workflows }) => previewWorkflow(actor, input, workflows),
  }),
);

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: 'Id or slug of the workflow.' });
  const authScopes = { scope: 'workflows:write' } as const;
  return {
    createWorkflow: t.field({
      type: Workflow,
      description:
        'Creates a workflow. BAD_REQUEST, naming the steps, for one that could not run; CONFLICT when the slug is taken. Requires `workflows:write`.',
      args: { input: t.arg({ type: CreateWorkflow, required: true, description: 'The workflow.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, workflows }) => workflowNode(await createWorkflow(actor, input, workflows)),
    }),
    updateWorkflow: t.field({
      type: Workflow,
      description:
        'Changes a workflow; what it says makes the next version, and runs keep to theirs. Errors as for `createWorkflow`. Requires `workflows:write`.',
      args: { id, input: t.arg({ type: UpdateWorkflow, required: true, description: 'What to change.' }) },
      authScopes,
      resolve: async (_root, { id: workflow, input }, { actor, workflows }) =>
        workflowNode(await updateWorkflow(actor, { workflow, changes: input }, workflows)),
    }),
    deleteWorkflow: t.field({
      type: Workflow,
      description:
        'Deletes a workflow and frees its slug; its runs stay. CONFLICT while a run of it goes on. Requires `workflows:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: workflow }, { actor, workflows }) =>
        workflowNode(await deleteWorkflow(actor, workflow, workflows)),
    }),
    triggerWorkflow: t.field({
      type: TriggerWorkflowResult,
      description: `Triggers a run of a workflow. Answered means stored. It may take up to ${MAX_WAIT_SECS / 86_400} days. CONFLICT when the idempotency key is held by one with another payload. Requires \`workflows:trigger\`.`,
      args: { input: t.arg({ type: TriggerWorkflow, required: true, description: 'What to trigger.' }) },
      authScopes: { scope: 'workflows:trigger' },
      resolve: (_root, { input }, { actor, workflows }) => triggerWorkflow(actor, input, workflows),
    }),
  };
});
