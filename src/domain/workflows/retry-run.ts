import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid, newId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import { key } from '../../core/schemas.ts';
import { isFinalWorkflow } from '../../core/workflow-state.ts';
import { hashPayload, payloadText } from '../runs/trigger.ts';
import { MAX_NESTING } from './definition.ts';
import type { WorkflowVersion } from './definitions.ts';
import type { WorkflowDeps } from './deps.ts';
import { withDescendants } from './graph.ts';
import type { NewWorkflowRun } from './insert-runs.ts';
import { type LoadedRun, loadRuns } from './load-runs.ts';

/** How much of a workflow run is done again. */
export const RETRY_MODES = ['from_failed', 'from_step', 'full'] as const;

/** Input of a retry. */
export const RetryWorkflowRunInput = z.strictObject({
  id: z.string().describe('The workflow run; it must have ended.'),
  mode: z
    .enum(RETRY_MODES)
    .optional()
    .describe(
      '`FROM_FAILED` (default): what has not completed, and all after it. `FROM_STEP`: a step and all after it. `FULL`: everything.',
    ),
  step: key(128).optional().describe('For `FROM_STEP`: the step.'),
  idempotencyKey: key(256).optional().describe('While a workflow run with this key goes on, asking again answers that one.'),
});

/**
 * Does an ended workflow run again, as a new one that says of which it is a retry: same version, payload and tags. What the mode keeps
 * has its results at once. Answers the id of the new one. NOT_FOUND for an unknown one, CONFLICT for one that goes on, BAD_REQUEST for a
 * mode without its step, or for `from_failed` when nothing has failed.
 */
export async function retryWorkflowRun(
  actor: Actor,
  input: z.output<typeof RetryWorkflowRunInput>,
  deps: Pick<WorkflowDeps, 'engine' | 'definitions' | 'workflowInserts'>,
): Promise<string> {
  requireScope(actor, 'workflows:trigger');
  const { id, mode = 'from_failed', step } = input;
  const [old] = isUuid(id) ? await loadRuns([id], deps.engine) : [];
  if (!old || old.projectId !== actor.projectId) throw notFound('workflow run');
  if (!isFinalWorkflow(old.status))
    throw new AppError('CONFLICT', `workflow run goes on: it is ${old.status}; cancel it first or wait for its end`);
  if (old.batch) throw new AppError('BAD_REQUEST', 'a batch is not done again as a whole: retry the runs of its items');
  if ((mode === 'from_step') !== (step !== undefined)) {
    throw new AppError(
      'BAD_REQUEST',
      mode === 'from_step' ? 'from_step needs a step' : `a step goes with from_step, not with ${mode}`,
    );
  }
  const version = await deps.definitions.get(old.workflowId, old.workflowVersion);
  const again = stepsAgain(old, version, { mode, step });
  const data = await readData(id, deps);
  const run: NewWorkflowRun = {
    id: newId(),
    projectId: actor.projectId,
    workflowId: old.workflowId,
    workflowVersion: old.workflowVersion,
    nesting: Math.min(old.nesting, MAX_NESTING),
    parent: null,
    batch: null,
    partialStep: old.partialStep,
    retry: { of: id, mode, from: step ?? null },
    idempotencyKey: input.idempotencyKey ?? null,
    triggeredBy: 'retry',
    createdBy: actorName(actor),
    timeoutSecs: data.timeoutSecs,
    payload: payloadText(data.payload),
    payloadHash: hashPayload(data.payload),
    tags: JSON.stringify(data.tags),
    steps: version.definition.steps.map(({ ref, kind }, position) => {
      const before = old.steps[position];
      const isDisabled = before?.skipReason === 'disabled';
      return {
        id: newId(),
        ref,
        kind,
        skipReason: isDisabled ? 'disabled' : null,
        copyOf: again.has(position) || isDisabled ? null : (before?.id ?? null),
        given: null,
      };
    }),
  };
  const outcome = await deps.workflowInserts.one(run);
  if (outcome.kind === 'raced') throw new AppError('CONFLICT', 'its key is being reused by many callers at once; try again');
  return outcome.kind === 'existing' ? outcome.id : run.id;
}

/** Positions of the steps that are done again. What has not ended well is never kept: nothing could follow from it. */
function stepsAgain(
  old: LoadedRun,
  { graph }: WorkflowVersion,
  { mode, step }: { readonly mode: (typeof RETRY_MODES)[number]; readonly step: string | undefined },
): Set<number> {
  if (mode === 'full') return new Set(old.steps.keys());
  const open = old.steps.flatMap(({ status, skipReason }, position) =>
    status === 'completed' || (status === 'skipped' && skipReason !== 'upstream_failed') ? [] : [position],
  );
  if (mode === 'from_failed') {
    if (open.length === 0) throw new AppError('BAD_REQUEST', 'no step has failed: retry from a step, or in full');
    return withDescendants(graph, open);
  }
  const position = graph.positionOf.get(step ?? '');
  if (position === undefined) throw new AppError('BAD_REQUEST', `the workflow run has no step "${step}"`);
  return withDescendants(graph, [position, ...open]);
}

interface RunData {
  readonly payload: JsonValue;
  readonly tags: Readonly<Record<string, string>>;
  readonly timeoutSecs: number | null;
}

async function readData(id: string, { engine }: Pick<WorkflowDeps, 'engine'>): Promise<RunData> {
  const { rows } = await engine.query<RunData>({
    name: 'workflow-run-data',
    text: `select d.payload, d.tags, w.timeout_secs as "timeoutSecs" from workflow_run_data d
             join workflow_runs w on w.id = d.workflow_run_id where d.workflow_run_id = $1`,
    values: [id],
  });
  // Retention may have been faster.
  if (!rows[0]) throw notFound('workflow run');
  return rows[0];
}
