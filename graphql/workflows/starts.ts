import { awaitTriggered, DEFAULT_WAIT_SECS, MAX_WAIT_SECS_OF_CALLER } from '../../src/domain/workflows/await-triggered.ts';
import { TriggerWorkflowBatchInput, triggerWorkflowBatch } from '../../src/domain/workflows/trigger-batch.ts';
import { TriggerPartialWorkflowInput, triggerPartialWorkflow } from '../../src/domain/workflows/trigger-partial.ts';
import { triggerWorkflow } from '../../src/domain/workflows/trigger-workflow.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { TriggerWorkflow, TriggerWorkflowResult } from './mutations.ts';
import { WorkflowRun } from './type.ts';

const partial = describedBy(TriggerPartialWorkflowInput);
const TriggerPartialWorkflow = builder
  .inputType('TriggerPartialWorkflowInput', {
    description: 'Which step of which workflow to run, and with what.',
    fields: (t) => ({
      workflow: t.id({ required: true, ...partial.workflow }),
      step: t.string({ required: true, ...partial.step }),
      payload: t.field({ type: 'JSON', ...partial.payload }),
      results: t.field({ type: 'JSONObject', ...partial.results }),
      rerunsDependencies: t.boolean(partial.rerunsDependencies),
      tags: t.field({ type: 'StringMap', ...partial.tags }),
    }),
  })
  .validate(leavingOutNulls(TriggerPartialWorkflowInput));

const batch = describedBy(TriggerWorkflowBatchInput);
const TriggerWorkflowBatch = builder
  .inputType('TriggerWorkflowBatchInput', {
    description: 'Which workflow to run for which items.',
    fields: (t) => ({
      workflow: t.id({ required: true, ...batch.workflow }),
      items: t.field({ type: ['JSON'], required: true, ...batch.items }),
      parallel: t.int(batch.parallel),
      tags: t.field({ type: 'StringMap', ...batch.tags }),
      idempotencyKey: t.string(batch.idempotencyKey),
    }),
  })
  .validate(leavingOutNulls(TriggerWorkflowBatchInput));

builder.mutationFields((t) => {
  const authScopes = { scope: 'workflows:trigger' } as const;
  const waitSecs = t.arg.int({
    defaultValue: DEFAULT_WAIT_SECS,
    description: `How long to wait, 0 to ${MAX_WAIT_SECS_OF_CALLER} seconds.`,
  });
  return {
    runWorkflow: t.field({
      type: WorkflowRun,
      description:
        'Triggers a run of a workflow and waits until it has ended, stands still until a person does something, or the time is over; answers it as it is then. It goes on in any case. Errors as for `triggerWorkflow`, and RATE_LIMITED when too many wait already. Requires `workflows:trigger`.',
      args: { input: t.arg({ type: TriggerWorkflow, required: true, description: 'What to trigger.' }), waitSecs },
      authScopes,
      resolve: async (_root, { input, waitSecs: secs }, { actor, workflows }) => {
        const { id } = await awaitTriggered(
          actor,
          { trigger: () => triggerWorkflow(actor, input, workflows), waitSecs: secs ?? undefined },
          workflows,
        );
        return { id };
      },
    }),
    runPartialWorkflow: t.field({
      type: WorkflowRun,
      description:
        'Runs one step of a workflow with what it depends on, and nothing else, and waits as `runWorkflow` does. Requires `workflows:trigger`.',
      args: { input: t.arg({ type: TriggerPartialWorkflow, required: true, description: 'What to run.' }), waitSecs },
      authScopes,
      resolve: async (_root, { input, waitSecs: secs }, { actor, workflows }) => {
        const { id } = await awaitTriggered(
          actor,
          { trigger: () => triggerPartialWorkflow(actor, input, workflows), waitSecs: secs ?? undefined },
          workflows,
        );
        return { id };
      },
    }),
    triggerWorkflowBatch: t.field({
      type: TriggerWorkflowResult,
      description:
        'Triggers a batch: a workflow run whose work is a run of its workflow for each item, so many at once, as its children. It fails when some of them do not complete. Requires `workflows:trigger`.',
      args: { input: t.arg({ type: TriggerWorkflowBatch, required: true, description: 'What to trigger.' }) },
      authScopes,
      resolve: (_root, { input }, { actor, workflows }) => triggerWorkflowBatch(actor, input, workflows),
    }),
  };
});
