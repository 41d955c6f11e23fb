import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { JsonInput, key } from '../../core/schemas.ts';
import { isFinalWorkflow, isSettled } from '../../core/workflow-state.ts';
import { boundedJson } from '../runs/json-size.ts';
import { MAX_OUTPUT_BYTES } from './complete-step.ts';
import type { StepDefinition } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import type { Decision, Draft, DraftStep } from './draft.ts';
import { withDescendants } from './graph.ts';
import { changeOwn, Reason } from './operations.ts';

/** Input of an operation on one step. */
export const StepOperationInput = z.strictObject({
  workflowRunId: z.string().describe('The workflow run.'),
  ref: z.string().min(1).max(128).describe('The step.'),
  reason: Reason.optional().describe('Why, for the story.'),
});

/** Input of a decision about an approval. */
export const DecideStepInput = StepOperationInput.extend({
  approver: key(256).optional().describe('Who decides, by name; must be one of the approvers of the step if it names any.'),
});

/** Input of a completion by hand. */
export const CompleteStepInput = StepOperationInput.extend({
  output: JsonInput.optional().describe('What counts as its output, any JSON up to 5 MB; null when left out.'),
});

type StepOperation = z.output<typeof StepOperationInput>;
type Deps = Pick<WorkflowDeps, 'advancer'>;

/** Approves a step that waits for it: it completes. CONFLICT unless it waits, FORBIDDEN for a name that is no approver. */
export async function approveStep(actor: Actor, input: z.output<typeof DecideStepInput>, deps: Deps): Promise<void> {
  await decide(actor, input, deps, approve);
}

/** Completes an approval as approved, with who and why for its output unless there is another one. */
export function approve(target: Target, decision: Deciding, output?: JsonValue): void {
  const value = output ?? { approved: true, by: decision.by, reason: decision.reason };
  change(
    target,
    { status: 'completed', source: { from: 'value', value }, decision: { ...decision, kind: 'approved' } },
    'approved',
  );
}

/** Declines a step that waits for approval: it fails. Errors as for {@link approveStep}. */
export async function declineStep(actor: Actor, input: z.output<typeof DecideStepInput>, deps: Deps): Promise<void> {
  await decide(actor, input, deps, decline);
}

/** Fails an approval as declined. */
export function decline(target: Target, decision: Deciding): void {
  const error = decision.reason === null ? 'declined' : `declined: ${decision.reason}`;
  change(target, { status: 'failed', error, decision: { ...decision, kind: 'declined' } }, 'declined');
}

/** Completes an approval with an output, whatever was asked. */
export function override(target: Target, decision: Deciding, output: JsonValue): void {
  const source = { from: 'value', value: output } as const;
  change(target, { status: 'completed', source, decision: { ...decision, kind: 'completed' } }, 'overridden');
}

/** Skips a step that is not over, its work is stopped; what depends on it goes on as if it had completed. CONFLICT when it is over. */
export async function skipStep(actor: Actor, input: StepOperation, deps: Deps): Promise<void> {
  await operate(actor, input, deps, (target, decision) => {
    if (isSettled(target.now.status)) throw conflict(input.ref, target.now, 'only a step that is not over can be skipped');
    change(target, { status: 'skipped', skipReason: 'by_user', decision: { ...decision, kind: 'skipped' } }, 'skipped');
  });
}

/** Completes a step by hand, its work is stopped. CONFLICT when it has completed, or was skipped or canceled. */
export async function completeStepByHand(actor: Actor, input: z.output<typeof CompleteStepInput>, deps: Deps): Promise<void> {
  const value: JsonValue = input.output ?? null;
  boundedJson('the output', value, { maxBytes: MAX_OUTPUT_BYTES, advice: 'store it elsewhere and give where' });
  await operate(actor, input, deps, (target, decision) => {
    const { now, definition } = target;
    if (isSettled(now.status) && now.status !== 'failed')
      throw conflict(input.ref, now, 'only a step that is not over, or has failed, can be completed');
    if (now.status === 'failed') reopenDependents(target, input.ref);
    const chosen = definition.kind === 'condition' || definition.kind === 'router' ? chosenIn(value, definition) : now.chosen;
    const patch = { status: 'completed', error: null, chosen, source: { from: 'value', value } } as const;
    // The work of a running step is over: completing by hand is no ending of its own.
    target.draft.stop(target.position);
    change(target, { ...patch, decision: { ...decision, kind: 'completed' } }, 'completed by hand');
  });
}

/**
 * Starts a failed step again, as its next try; what was skipped because of it is open again. CONFLICT when the workflow run
 * has ended (retry that), the step is not over, or something that depends on it has started.
 */
export async function retryStep(actor: Actor, input: StepOperation, deps: Deps): Promise<void> {
  await operate(actor, input, deps, (target, decision) => {
    if (target.now.status !== 'failed') throw conflict(input.ref, target.now, 'only a failed step can be retried');
    reopenDependents(target, input.ref);
    change(target, { status: 'pending', error: null, decision: { ...decision, kind: 'retried' } }, 'retried');
  });
}

/** A step that something is done to. */
export interface Target {
  readonly draft: Draft;
  readonly position: number;
  readonly now: DraftStep;
  readonly definition: StepDefinition;
}

/** Who decides, and why. */
export type Deciding = Omit<Decision, 'kind'>;

async function operate(
  actor: Actor,
  input: StepOperation & { readonly approver?: string | undefined },
  deps: Deps,
  act: (target: Target, decision: Deciding) => void,
): Promise<void> {
  requireScope(actor, 'workflows:write');
  await changeOwn(actor, input.workflowRunId, deps, (draft) => {
    const position = draft.version.graph.positionOf.get(input.ref) ?? -1;
    const now = draft.steps[position];
    const definition = draft.version.definition.steps[position];
    if (!now || !definition) throw notFound('step');
    if (isFinalWorkflow(draft.status)) {
      throw new AppError('CONFLICT', `workflow run has ended already: it is ${draft.status}; retry it as a whole`);
    }
    act({ draft, position, now, definition }, decidingOf(actor, input));
  });
}

/** Who decides: the caller, and whom it names. */
export function decidingOf(
  actor: Actor,
  { approver, reason }: { readonly approver?: string | undefined; readonly reason?: string | undefined },
): Deciding {
  return { by: approver === undefined ? actorName(actor) : `${approver} (${actorName(actor)})`, reason: reason ?? null };
}

async function decide(
  actor: Actor,
  input: z.output<typeof DecideStepInput>,
  deps: Deps,
  act: (target: Target, decision: Deciding) => void,
): Promise<void> {
  await operate(actor, input, deps, (target, decision) => {
    requireDecidable(target, input);
    act(target, decision);
  });
}

/** CONFLICT unless the step is an approval that waits, FORBIDDEN for a name that is no approver of it. */
export function requireDecidable(target: Target, input: { readonly ref: string; readonly approver?: string | undefined }): void {
  const { approvers } = target.definition;
  if (target.definition.kind !== 'approval') throw new AppError('CONFLICT', `step ${input.ref} is no approval`);
  if (target.now.status !== 'waiting') throw conflict(input.ref, target.now, 'only a step that waits can be decided');
  // The wait is over although nobody has looked yet: its event was sent, or it has lasted too long.
  const wait = target.draft.loaded.steps[target.position]?.wait;
  if (wait && wait.status !== 'waiting')
    throw new AppError('CONFLICT', `step ${input.ref} was decided already: its wait is ${wait.status}`);
  if (approvers && (input.approver === undefined || !approvers.includes(input.approver))) {
    throw new AppError('FORBIDDEN', `step ${input.ref} is decided by one of its approvers: name one of ${approvers.join(', ')}`);
  }
}

function change(target: Target, patch: Parameters<Draft['change']>[1], what: string): void {
  const { by, reason } = patch.decision ?? { by: '', reason: null };
  target.draft.change(target.position, patch, { message: reason === null ? what : `${what}: ${reason}`, actor: by });
}

/** What was skipped because the step failed is open again; CONFLICT when something after it has started instead. */
function reopenDependents({ draft, position }: Target, ref: string): void {
  const { graph } = draft.version;
  const after = [...withDescendants(graph, [position])].filter((one) => one !== position);
  if (after.some((one) => isStarted(draft.steps[one]) && (graph.steps[position]?.dependents.includes(one) ?? false))) {
    throw new AppError(
      'CONFLICT',
      `what depends on step ${ref} has started already; retry the workflow run from this step once it has ended`,
    );
  }
  for (const one of after) {
    if (draft.steps[one]?.skipReason !== 'upstream_failed') continue;
    draft.change(one, { status: 'pending', skipReason: null }, { message: `open again: step ${ref} is` });
  }
}

function isStarted(step: DraftStep | undefined): boolean {
  return step !== undefined && step.status !== 'pending' && step.status !== 'skipped';
}

/** The steps that the output of a condition or router chooses; BAD_REQUEST when it does not say. */
export function chosenIn(value: JsonValue, definition: StepDefinition): string[] {
  const chosen = value !== null && typeof value === 'object' && !Array.isArray(value) ? value['chosen'] : undefined;
  if (Array.isArray(chosen) && chosen.every((ref) => typeof ref === 'string')) return chosen as string[];
  throw new AppError('BAD_REQUEST', `the output of a ${definition.kind} must say which steps go on: {"chosen": ["…"]}`);
}

function conflict(ref: string, { status }: DraftStep, rule: string): AppError {
  return new AppError('CONFLICT', `step ${ref} is ${status}: ${rule}`);
}
