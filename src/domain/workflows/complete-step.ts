import { MAX_EVENT_BYTES } from '../events/send-event.ts';
import type { WorkflowDeps } from './deps.ts';
import { type Draft, fail, type OutputSource } from './draft.ts';
import { ExpressionError } from './expression.ts';
import { readSource } from './scope.ts';

/** Bytes of JSON the output of one step may have. */
export const MAX_OUTPUT_BYTES = 5 * MAX_EVENT_BYTES;

/** Completes a step with its output, transformed if the step says so; one whose transformation has no value fails. */
export async function completeStep(
  draft: Draft,
  position: number,
  source: OutputSource,
  deps: Pick<WorkflowDeps, 'engine' | 'expressions'>,
  patch: Parameters<Draft['change']>[1] = {},
): Promise<void> {
  const step = draft.steps[position];
  const transform = draft.version.definition.steps[position]?.outputTransform;
  if (!step) return;
  try {
    const done =
      transform === undefined
        ? source
        : ({
            from: 'value',
            value: await deps.expressions.evaluate(transform, JSON.stringify(await readSource(source, step, deps.engine))),
          } as const);
    draft.change(position, { ...patch, status: 'completed', source: done });
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    fail(draft, position, `its output_transform has no value: ${error.message}`);
  }
}
