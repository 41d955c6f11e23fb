import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { text } from '../../core/schemas.ts';
import { isFinalWorkflow } from '../../core/workflow-state.ts';
import type { WorkflowDeps } from './deps.ts';
import type { Draft } from './draft.ts';

/** Why somebody does something, for the story. */
export const Reason = text(1_024).min(1);

/** Input of an operation on a whole workflow run. */
export const WorkflowRunOperationInput = z.strictObject({
  id: z.string().describe('The workflow run.'),
  reason: Reason.optional().describe('Why, for its story.'),
});

/** A parsed {@link WorkflowRunOperationInput}. */
export type WorkflowRunOperation = z.output<typeof WorkflowRunOperationInput>;

type OperationDeps = Pick<WorkflowDeps, 'advancer'>;

/**
 * Cancels a workflow run: its steps, the runs that are their work and the workflows below it. NOT_FOUND for an unknown one, CONFLICT for
 * one that has ended.
 */
export async function cancelWorkflowRun(actor: Actor, input: WorkflowRunOperation, deps: OperationDeps): Promise<void> {
  await operate(actor, input, deps, (draft, said) => {
    if (isFinalWorkflow(draft.status)) throw new AppError('CONFLICT', `workflow run has ended already: it is ${draft.status}`);
    draft.move('canceled', `canceled by user${said}`, { error: 'canceled by user', actor: actorName(actor) });
  });
}

/** Pauses a workflow run: what is under way goes on, and nothing new starts. CONFLICT unless it is running. */
export async function pauseWorkflowRun(actor: Actor, input: WorkflowRunOperation, deps: OperationDeps): Promise<void> {
  await operate(actor, input, deps, (draft, said) => {
    if (draft.status === 'paused') return;
    if (draft.status !== 'running' && draft.status !== 'pending')
      throw new AppError('CONFLICT', `workflow run is not running: it is ${draft.status}`);
    draft.move('paused', `paused by user${said}`, { actor: actorName(actor) });
  });
}

/** Lets a paused workflow run go on; the time of the pause does not count for its timeout. CONFLICT unless it is paused. */
export async function resumeWorkflowRun(actor: Actor, input: WorkflowRunOperation, deps: OperationDeps): Promise<void> {
  await operate(actor, input, deps, (draft, said) => {
    if (draft.status !== 'paused') throw new AppError('CONFLICT', `workflow run is not paused: it is ${draft.status}`);
    draft.move('running', `resumed by user${said}`, { actor: actorName(actor) });
  });
}

async function operate(
  actor: Actor,
  { id, reason }: WorkflowRunOperation,
  deps: OperationDeps,
  change: (draft: Draft, said: string) => void,
): Promise<void> {
  requireScope(actor, 'workflows:write');
  await changeOwn(actor, id, deps, (draft) => change(draft, reason === undefined ? '' : `: ${reason}`));
}

/** Changes a workflow run of the actor's project; NOT_FOUND for any other. */
export function changeOwn<T>(actor: Actor, id: string, deps: OperationDeps, change: (draft: Draft) => T): Promise<T> {
  if (!isUuid(id)) return Promise.reject(notFound('workflow run'));
  return deps.advancer.change(id.toLowerCase(), (draft) => {
    if (draft.loaded.projectId !== actor.projectId) throw notFound('workflow run');
    return change(draft);
  });
}
