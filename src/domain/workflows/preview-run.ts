import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import type { WorkflowDeps } from './deps.ts';
import { placeBelow, prepareRun, type TriggerWorkflow, triggerableWorkflow } from './trigger-workflow.ts';
import type { WorkflowRow } from './workflow.ts';

/** What a trigger would do. */
export interface WorkflowPreview {
  readonly workflow: WorkflowRow;
  readonly payloadHash: string;
  /** Refs of steps by rounds: those of one round can be under way at once, and come after those of the rounds before. */
  readonly rounds: readonly (readonly string[])[];
  /** Steps that the overrides leave out. */
  readonly disabled: readonly string[];
}

/** Checks a trigger as `triggerWorkflow` would, says in which order its steps could run, and stores nothing. */
export async function previewWorkflow(
  actor: Actor,
  input: TriggerWorkflow,
  deps: Pick<WorkflowDeps, 'reads' | 'definitions'>,
): Promise<WorkflowPreview> {
  requireScope(actor, 'workflows:trigger');
  const workflow = await triggerableWorkflow(actor.projectId, input.workflow, deps);
  const by = { projectId: actor.projectId, createdBy: actorName(actor) };
  const run = prepareRun(by, workflow, {
    input,
    origin: { triggeredBy: 'manual', ...(await placeBelow(actor, input.parentRunId, deps)) },
  });
  const { graph, definition } = workflow;
  const roundOf: number[] = [];
  const rounds: string[][] = [];
  for (const position of graph.order) {
    const before = (graph.steps[position]?.dependsOn ?? []).map((dependency) => roundOf[dependency] ?? 0);
    const round = Math.max(-1, ...before) + 1;
    roundOf[position] = round;
    rounds[round] = [...(rounds[round] ?? []), definition.steps[position]?.ref ?? ''];
  }
  return {
    workflow: workflow.row,
    payloadHash: run.payloadHash,
    rounds,
    disabled: run.steps.filter(({ skipReason }) => skipReason === 'disabled').map(({ ref }) => ref),
  };
}
