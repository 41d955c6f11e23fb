import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { JsonInput, JsonObjectInput, key, Tags } from '../../core/schemas.ts';
import { boundedJson } from '../runs/json-size.ts';
import { MAX_OUTPUT_BYTES } from './complete-step.ts';
import { StepRef } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import type { Graph } from './graph.ts';
import { chosenIn } from './step-operations.ts';
import { prepareRun, storeTriggered, triggerableWorkflow, type WorkflowTriggered } from './trigger-workflow.ts';

/** Input of a partial run. */
export const TriggerPartialWorkflowInput = z.strictObject({
  workflow: key(128).describe('Id or slug of the workflow.'),
  step: StepRef.describe('The step that is wanted. It runs with what it depends on, and nothing else does.'),
  payload: JsonInput.optional().describe('Its input, any JSON up to 5 MB; not checked against the input schema of the whole.'),
  results: JsonObjectInput.optional().describe(
    'Outputs by step for steps that it depends on, up to 5 MB: those count as completed, and what only they depend on does not run.',
  ),
  rerunsDependencies: z.boolean().optional().describe('Runs all that it depends on, whatever `results` says.'),
  tags: Tags.optional().describe('Labels to find it by, over those of the workflow.'),
});

/**
 * Runs one step of a workflow with what it depends on: those steps alone, all others are left out. Its output is that of the step, by its
 * ref. NOT_FOUND for the workflow, BAD_REQUEST when it is disabled, there is no such step, or results name none that it depends on.
 */
export async function triggerPartialWorkflow(
  actor: Actor,
  input: z.output<typeof TriggerPartialWorkflowInput>,
  deps: WorkflowDeps,
): Promise<WorkflowTriggered> {
  requireScope(actor, 'workflows:trigger');
  const { step, payload, results = {}, rerunsDependencies = false, tags } = input;
  boundedJson('the results', results, { maxBytes: MAX_OUTPUT_BYTES, advice: 'leave out steps that can run again' });
  const workflow = await triggerableWorkflow(actor.projectId, input.workflow, deps);
  const { graph, definition } = workflow;
  const target = graph.positionOf.get(step);
  if (target === undefined) throw new AppError('BAD_REQUEST', `the workflow has no step "${step}"`);
  const given = givenOf(graph, target, results);
  const wanted = wantedFor(graph, target, rerunsDependencies ? new Set() : new Set(given.keys()));
  // The schema says what the whole workflow needs; a part of it may do with less.
  const whole = { ...workflow, definition: { ...definition, inputSchema: null } };
  const run = prepareRun({ projectId: actor.projectId, createdBy: actorName(actor) }, whole, {
    input: { payload, tags },
    origin: { triggeredBy: 'manual', nesting: 0 },
  });
  return storeTriggered(
    {
      ...run,
      partialStep: step,
      steps: run.steps.map((one, position) => {
        if (!wanted.has(position)) return { ...one, skipReason: 'disabled' };
        const output = rerunsDependencies ? undefined : given.get(position);
        const kept = graph.steps[position];
        if (output === undefined || !kept) return one;
        const chosen = kept.targets.size > 0 ? chosenIn(output, kept.definition) : [];
        return { ...one, given: { output, chosen } };
      }),
    },
    deps,
  );
}

/** The given outputs by position; BAD_REQUEST for those that nothing will ask for. */
function givenOf(graph: Graph, target: number, results: Readonly<Record<string, JsonValue>>): Map<number, JsonValue> {
  const before = wantedFor(graph, target, new Set());
  return new Map(
    Object.entries(results).map(([ref, output]) => {
      const position = graph.positionOf.get(ref);
      if (position === undefined) throw new AppError('BAD_REQUEST', `results: the workflow has no step "${ref}"`);
      if (position === target || !before.has(position)) {
        throw new AppError('BAD_REQUEST', `results: the step does not depend on "${ref}"`);
      }
      return [position, output];
    }),
  );
}

/** Positions of a step and all it depends on; behind steps that are known nothing is looked for. */
function wantedFor(graph: Graph, target: number, known: ReadonlySet<number>): Set<number> {
  const wanted = new Set([target]);
  // The set grows while it is gone through.
  for (const position of wanted) {
    if (known.has(position)) continue;
    for (const dependency of graph.steps[position]?.dependsOn ?? []) wanted.add(dependency);
  }
  return wanted;
}
