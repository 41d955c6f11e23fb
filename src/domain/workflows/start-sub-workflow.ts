import { AppError } from '../../core/errors.ts';
import { MAX_NESTING } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import { prepareRun, triggerableWorkflow } from './trigger-workflow.ts';
import type { StepWork } from './work.ts';

/** Starts the workflow that a step stands for, at its version of now. Throws what triggering it would, and beyond 10 levels BAD_REQUEST. */
export async function startSubWorkflow(work: StepWork, deps: WorkflowDeps): Promise<void> {
  const { projectId, stepRunId, attempt, nesting } = work;
  if (nesting >= MAX_NESTING)
    throw new AppError('BAD_REQUEST', `workflows nest ${MAX_NESTING} levels deep; this one is at the last`);
  const workflow = await triggerableWorkflow(projectId, work.step.workflowId ?? '', deps);
  const run = prepareRun({ projectId, createdBy: `step:${stepRunId}` }, workflow, {
    input: { payload: work.input },
    origin: {
      triggeredBy: 'workflow',
      nesting: nesting + 1,
      parent: { runId: work.workflowRunId, step: { runId: stepRunId, attempt } },
    },
  });
  const outcome = await deps.workflowInserts.one(run);
  if (outcome.kind === 'existing') deps.advancer.touch([outcome.id, work.workflowRunId]);
}
