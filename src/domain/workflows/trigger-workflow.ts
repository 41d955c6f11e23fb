import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { JsonInput, key, Tags } from '../../core/schemas.ts';
import type { WorkflowRunStatus } from '../../core/workflow-state.ts';
import { validate } from '../jobs/json-schema.ts';
import { hashPayload, payloadText } from '../runs/trigger.ts';
import { MAX_NESTING, MAX_STEPS, StepRef } from './definition.ts';
import type { WorkflowVersion } from './definitions.ts';
import type { WorkflowDeps } from './deps.ts';
import type { NewWorkflowRun } from './insert-runs.ts';
import { readWorkflow, visibleWorkflowRun } from './visible-workflows.ts';
import type { WorkflowRow } from './workflow.ts';

/** Whether a step takes part in one workflow run. */
export const StepOverrideInput = z.strictObject({
  ref: StepRef.describe('The step.'),
  enabled: z.boolean().describe('False leaves it out: it is skipped, and what depends on it goes on as if it had completed.'),
});

/** Input of a trigger. */
export const TriggerWorkflowInput = z.strictObject({
  workflow: key(128).describe('Id or slug of the workflow.'),
  payload: JsonInput.optional().describe('Its input, any JSON up to 5 MB; checked against the input schema.'),
  idempotencyKey: key(256).optional().describe('While a workflow run with this key goes on, triggering again answers that one.'),
  tags: Tags.optional().describe('Labels to find it by, over those of the workflow.'),
  stepOverrides: z.array(StepOverrideInput).max(MAX_STEPS).optional().describe('Steps to leave out.'),
  parentRunId: key(64)
    .optional()
    .describe('A workflow run that it is listed below, as one of its children. Neither waits for the other.'),
  timeoutSecs: z
    .int()
    .min(1)
    .max(366 * 86_400)
    .optional()
    .describe('In place of the timeout of the workflow, in seconds.'),
});

/** A parsed {@link TriggerWorkflowInput}. */
export type TriggerWorkflow = z.output<typeof TriggerWorkflowInput>;

/** The workflow run that answers a trigger. */
export interface WorkflowTriggered {
  readonly id: string;
  readonly status: WorkflowRunStatus;
  readonly idempotencyHit: boolean;
}

/**
 * Triggers a run of a workflow. Answered means stored: it is not lost any more. NOT_FOUND for the workflow, BAD_REQUEST when it is
 * disabled, the payload breaks its schema or an override names no step, CONFLICT when the key is held by a run with another payload.
 */
export async function triggerWorkflow(actor: Actor, input: TriggerWorkflow, deps: WorkflowDeps): Promise<WorkflowTriggered> {
  requireScope(actor, 'workflows:trigger');
  const workflow = await triggerableWorkflow(actor.projectId, input.workflow, deps);
  const origin = { triggeredBy: 'manual', ...(await placeBelow(actor, input.parentRunId, deps)) } as const;
  const run = prepareRun({ projectId: actor.projectId, createdBy: actorName(actor) }, workflow, { input, origin });
  return storeTriggered(run, deps);
}

/** Stores what was triggered, or answers the one that holds its idempotency key; throws what {@link triggerWorkflow} documents. */
export async function storeTriggered(
  run: NewWorkflowRun,
  deps: Pick<WorkflowDeps, 'workflowInserts'>,
): Promise<WorkflowTriggered> {
  const outcome = await deps.workflowInserts.one(run);
  if (outcome.kind === 'stored') return { id: run.id, status: 'pending', idempotencyHit: false };
  if (outcome.kind === 'raced') throw new AppError('CONFLICT', 'its key is being reused by many callers at once; try again');
  if (outcome.payloadHash !== run.payloadHash) {
    throw new AppError('CONFLICT', `idempotency key is held by workflow run ${outcome.id} with another payload; use another key`);
  }
  return { id: outcome.id, status: outcome.status, idempotencyHit: true };
}

/** Where a run stands that somebody wants below another one. NOT_FOUND for one that is not of the project, BAD_REQUEST beyond the last level. */
export async function placeBelow(
  actor: Actor,
  parentRunId: string | undefined,
  { reads }: Pick<WorkflowDeps, 'reads'>,
): Promise<Pick<WorkflowOrigin, 'nesting' | 'parent'>> {
  if (parentRunId === undefined) return { nesting: 0 };
  const { id } = visibleWorkflowRun(actor, parentRunId);
  const { rows } = await reads.query<{ nesting: number }>('select nesting from workflow_runs where id = $1 and project_id = $2', [
    id,
    actor.projectId,
  ]);
  if (!rows[0]) throw notFound('workflow run');
  if (rows[0].nesting >= MAX_NESTING) throw new AppError('BAD_REQUEST', `workflow runs nest ${MAX_NESTING} levels deep`);
  return { nesting: rows[0].nesting + 1, parent: { runId: id } };
}

/** A workflow with its current version. */
export interface TriggerableWorkflow extends WorkflowVersion {
  readonly row: WorkflowRow;
}

/** What of a workflow its runs are made from. */
type RunnableWorkflow = WorkflowVersion & { readonly row: Pick<WorkflowRow, 'id' | 'version' | 'tags'> };

/** The workflow to trigger: NOT_FOUND when there is none, BAD_REQUEST when it is disabled. */
export async function triggerableWorkflow(
  projectId: string,
  idOrSlug: string,
  deps: Pick<WorkflowDeps, 'reads' | 'definitions'>,
): Promise<TriggerableWorkflow> {
  const row = await readWorkflow(projectId, idOrSlug, deps.reads);
  if (!row.enabled) throw new AppError('BAD_REQUEST', 'workflow is disabled: enable it before triggering it');
  return { row, ...(await deps.definitions.get(row.id, row.version)) };
}

/** Where a workflow run comes from. */
export interface WorkflowOrigin {
  readonly triggeredBy: string;
  readonly nesting: number;
  readonly parent?: NewWorkflowRun['parent'];
}

/** Builds what is stored from checked input; throws what {@link triggerWorkflow} documents. */
export function prepareRun(
  by: { readonly projectId: string; readonly createdBy: string },
  { row, definition, graph }: RunnableWorkflow,
  from: { readonly input: Omit<TriggerWorkflow, 'workflow'>; readonly origin: WorkflowOrigin },
): NewWorkflowRun {
  const { payload = null, stepOverrides = [], tags, idempotencyKey = null, timeoutSecs } = from.input;
  const text = payloadText(payload);
  const details = definition.inputSchema ? validate(definition.inputSchema, payload) : [];
  if (details[0]) {
    throw new AppError('BAD_REQUEST', `payload validation failed: ${details[0].path} ${details[0].message}`, { details });
  }
  for (const { ref } of stepOverrides) {
    if (!graph.positionOf.has(ref)) throw new AppError('BAD_REQUEST', `step_overrides: the workflow has no step "${ref}"`);
  }
  const disabled = new Set(stepOverrides.filter(({ enabled }) => !enabled).map(({ ref }) => ref));
  return {
    id: newId(),
    projectId: by.projectId,
    workflowId: row.id,
    workflowVersion: row.version,
    nesting: from.origin.nesting,
    parent: from.origin.parent ?? null,
    batch: null,
    partialStep: null,
    retry: null,
    idempotencyKey,
    triggeredBy: from.origin.triggeredBy,
    createdBy: by.createdBy,
    timeoutSecs: timeoutSecs ?? definition.timeoutSecs,
    payload: text,
    payloadHash: hashPayload(payload),
    tags: JSON.stringify({ ...row.tags, ...tags }),
    steps: definition.steps.map(({ ref, kind }) => ({
      id: newId(),
      ref,
      kind,
      skipReason: disabled.has(ref) ? 'disabled' : null,
      copyOf: null,
      given: null,
    })),
  };
}
