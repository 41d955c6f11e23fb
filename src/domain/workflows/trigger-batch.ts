import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { JsonInput, key, Tags } from '../../core/schemas.ts';
import { validate } from '../jobs/json-schema.ts';
import { hashPayload, payloadText } from '../runs/trigger.ts';
import type { WorkflowDeps } from './deps.ts';
import { storeTriggered, triggerableWorkflow, type WorkflowTriggered } from './trigger-workflow.ts';

/** Items of one batch. */
const MAX_ITEMS = 10_000;
/** How many items of a batch go on at once unless it says otherwise (reference semantics §6, `mini_batch_size`). */
const DEFAULT_PARALLEL = 10;

/** Input of a batch. */
export const TriggerWorkflowBatchInput = z.strictObject({
  workflow: key(128).describe('Id or slug of the workflow.'),
  items: z
    .array(JsonInput)
    .min(1)
    .max(MAX_ITEMS)
    .describe('The payload of each run, 1 to 10,000, together up to 5 MB; each checked against the input schema.'),
  parallel: z.int().min(1).max(MAX_ITEMS).optional().describe(`How many go on at once; ${DEFAULT_PARALLEL} when left out.`),
  tags: Tags.optional().describe('Labels of the batch and its runs, over those of the workflow.'),
  idempotencyKey: key(256).optional().describe('While a workflow run with this key goes on, triggering again answers that one.'),
});

/**
 * Triggers a batch: a workflow run whose work is runs of the same version of its workflow, one for each item, so many at once. It has
 * completed when all of them have, and fails when all have ended and some have not. Errors as those of a trigger.
 */
export async function triggerWorkflowBatch(
  actor: Actor,
  input: z.output<typeof TriggerWorkflowBatchInput>,
  deps: WorkflowDeps,
): Promise<WorkflowTriggered> {
  requireScope(actor, 'workflows:trigger');
  const { row, definition } = await triggerableWorkflow(actor.projectId, input.workflow, deps);
  const { items, parallel = DEFAULT_PARALLEL, tags, idempotencyKey = null } = input;
  const payload = payloadText(items);
  const { inputSchema } = definition;
  if (inputSchema) for (const [index, item] of items.entries()) requireValid(inputSchema, item, index);
  return storeTriggered(
    {
      id: newId(),
      projectId: actor.projectId,
      workflowId: row.id,
      workflowVersion: row.version,
      nesting: 0,
      parent: null,
      batch: { total: items.length, parallel: Math.min(parallel, items.length) },
      partialStep: null,
      retry: null,
      idempotencyKey,
      triggeredBy: 'manual',
      createdBy: actorName(actor),
      timeoutSecs: null,
      payload,
      payloadHash: hashPayload(items),
      tags: JSON.stringify({ ...row.tags, ...tags }),
      steps: [],
    },
    deps,
  );
}

function requireValid(schema: Parameters<typeof validate>[0], item: Parameters<typeof validate>[1], index: number): void {
  const faults = validate(schema, item);
  if (!faults[0]) return;
  const details = faults.map(({ path, message }) => ({ path: `items.${index}${path === '' ? '' : `.${path}`}`, message }));
  throw new AppError('BAD_REQUEST', `item ${index} does not match the input schema: ${faults[0].path} ${faults[0].message}`, {
    details,
  });
}
