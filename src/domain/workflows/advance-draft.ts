import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isFinalWorkflow } from '../../core/workflow-state.ts';
import { validate } from '../jobs/json-schema.ts';
import { absorb } from './absorb.ts';
import { absorbBatch } from './absorb-batch.ts';
import { beginStep } from './begin-step.ts';
import { MAX_OUTPUT_BYTES } from './complete-step.ts';
import { refsIn } from './definitions.ts';
import type { WorkflowDeps } from './deps.ts';
import { type Draft, skip } from './draft.ts';
import { ExpressionError, inspectExpression } from './expression.ts';
import { type Plan, plan } from './plan.ts';
import { readOutputs, readScope } from './scope.ts';

type AdvanceDeps = Pick<WorkflowDeps, 'engine' | 'expressions'>;

/**
 * Takes a workflow run as far as it goes by itself: what has become of its steps, what follows from that, and so on until nothing does.
 * Everything stays in the draft, so that it is stored at once or not at all.
 */
export async function advanceDraft(draft: Draft, deps: AdvanceDeps): Promise<void> {
  if (draft.loaded.isLate && (draft.status === 'running' || draft.status === 'pending')) {
    draft.move('timed_out', 'workflow timed out', { error: 'workflow timed out' });
    return;
  }
  if (draft.status === 'pending') draft.move('running', 'started');
  if (isFinalWorkflow(draft.status)) return;
  if (draft.loaded.batch) {
    absorbBatch(draft);
    return;
  }
  await absorb(draft, deps);
  while (draft.status === 'running') {
    const next = plan(draft.version.graph, draft.steps, draft.version.definition.maxParallelSteps);
    for (const { position, reason } of next.skip) skip(draft, position, reason);
    if (next.end) await end(draft, next.end, deps);
    else if (next.start.length === 0) return;
    else {
      const scope = await readScope(draft, next.start, deps.engine);
      for (const position of next.start) await beginStep(draft, position, scope, deps);
      if (next.start.every((position) => draft.steps[position]?.status === 'running')) return;
    }
  }
}

async function end(draft: Draft, ending: NonNullable<Plan['end']>, deps: AdvanceDeps): Promise<void> {
  if (ending.status === 'failed') {
    const ref = draft.version.definition.steps[ending.position]?.ref ?? '';
    const error = `step ${ref} failed${draft.steps[ending.position]?.error ? `: ${draft.steps[ending.position]?.error}` : ''}`;
    draft.move('failed', error, { error, failedStep: ref });
    return;
  }
  try {
    const output = await outputOf(draft, deps);
    const { outputSchema } = draft.version.definition;
    // The schema is about the whole, and so is what the workflow says its output is.
    const [fault] = outputSchema && draft.loaded.partialStep === null ? validate(outputSchema, output ?? null, 'output') : [];
    if (!fault) {
      draft.move('completed', output === undefined ? 'completed; its output is too large to be kept' : 'completed', { output });
      return;
    }
    const error = `output validation failed: ${fault.path} ${fault.message}`;
    draft.move('failed', error, { error });
  } catch (failure) {
    if (!(failure instanceof ExpressionError)) throw failure;
    const error = `its output has no value: ${failure.message}`;
    draft.move('failed', error, { error });
  }
}

/**
 * What the workflow says its output is, or the outputs of its last steps by ref, of a partial run that of its step; undefined when those
 * are too large to be kept.
 */
async function outputOf(draft: Draft, deps: AdvanceDeps): Promise<JsonValue | undefined> {
  const { definition, graph } = draft.version;
  const { partialStep } = draft.loaded;
  if (partialStep !== null) return bounded(await readByRef(draft, [graph.positionOf.get(partialStep) ?? -1], deps));
  const refs = definition.output === null ? null : refsIn(inspectExpression(definition.output).paths);
  const positions = graph.steps.flatMap(({ isLast }, position) => {
    const ref = definition.steps[position]?.ref ?? '';
    return (definition.output === null ? isLast : refs === null || refs.has(ref)) ? [position] : [];
  });
  if (definition.output !== null) {
    const scope = await readScope(draft, [], deps.engine);
    const outputs = await readOutputs(draft, positions, deps.engine);
    const steps = Object.fromEntries(
      positions.map((position) => [
        definition.steps[position]?.ref ?? '',
        { status: draft.steps[position]?.status ?? 'pending', output: outputs.get(position) ?? null },
      ]),
    );
    return deps.expressions.evaluate(definition.output, JSON.stringify({ payload: scope.payload, steps, parent_outputs: {} }));
  }
  return bounded(await readByRef(draft, positions, deps));
}

async function readByRef(draft: Draft, positions: readonly number[], deps: AdvanceDeps): Promise<JsonObject> {
  const output: JsonObject = {};
  for (const [position, value] of await readOutputs(draft, positions, deps.engine)) {
    output[draft.version.definition.steps[position]?.ref ?? ''] = value;
  }
  return output;
}

function bounded(output: JsonObject): JsonObject | undefined {
  return Buffer.byteLength(JSON.stringify(output)) > MAX_OUTPUT_BYTES ? undefined : output;
}
