import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { savedWorkflow } from './contract-cases-workflows.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const run = documentedShape('WorkflowRun');

/** A workflow run whose step `review` waits for a person. */
export async function waitingWorkflowRun(world: RestWorld): Promise<string> {
  const { id: workflow } = await savedWorkflow(world);
  const { id } = await world.done('POST', `/v1/workflows/${workflow}/trigger`, { body: { payload: { n: 1 } } });
  await world.settled();
  return id;
}

/** A workflow run that has failed at its step `work`, after `first` has completed. */
export async function failedWorkflowRun(world: RestWorld): Promise<string> {
  const steps = [
    { step_ref: 'first', type: 'sleep', sleep_secs: 0 },
    { step_ref: 'work', job_id: world.job.id, depends_on: ['first'], payload: DO.fail, max_attempts: 1 },
  ];
  const { id: workflow } = await savedWorkflow(world, { steps });
  const { id } = await world.done('POST', `/v1/workflows/${workflow}/trigger`);
  await world.settled();
  return id;
}

/** A workflow run that goes on although its step `work` has failed: `review` waits. */
async function halfFailed(world: RestWorld): Promise<string> {
  const steps = [
    { step_ref: 'review', type: 'approval' },
    { step_ref: 'work', job_id: world.job.id, payload: DO.fail, max_attempts: 1, on_failure: 'skip_dependents' },
  ];
  const { id: workflow } = await savedWorkflow(world, { steps });
  const { id } = await world.done('POST', `/v1/workflows/${workflow}/trigger`);
  for (;;) {
    const [, work] = await world.done('GET', `/v1/workflow-runs/${id}/steps`);
    if (work.status === 'failed') return id;
  }
}

const waiting =
  (more: GoodRequest = {}) =>
  async (world: RestWorld): Promise<GoodRequest> => ({ id: await waitingWorkflowRun(world), ...more });

/** The routes of workflow runs, by operation id. */
export const workflowRunCases: Readonly<Record<string, ContractCase>> = {
  listWorkflowRuns: {
    request: async (world) => {
      await waitingWorkflowRun(world);
      return { query: 'project_id=default&status=running&triggered_by=manual&limit=5' };
    },
    status: 200,
    body: [run],
    scope: 'workflows:read',
  },
  getWorkflowRun: { request: waiting(), status: 200, body: run, scope: 'workflows:read' },
  listWorkflowRunSteps: {
    request: waiting({ query: 'limit=3' }),
    status: 200,
    body: [documentedShape('StepRun')],
    scope: 'workflows:read',
  },
  getWorkflowRunGraph: {
    request: waiting(),
    status: 200,
    body: documentedShape('WorkflowRunGraph'),
    scope: 'workflows:read',
  },
  getWorkflowRunTimeline: {
    request: waiting({ query: 'step_ref=review&limit=5' }),
    status: 200,
    body: [documentedShape('WorkflowRunEvent')],
    scope: 'workflows:read',
  },
  cancelWorkflowRun: { request: waiting(), status: 204, body: null, scope: 'workflows:write' },
  pauseWorkflowRun: {
    request: waiting({ body: { reason: 'a moment' } }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  resumeWorkflowRun: {
    request: async (world) => {
      const id = await waitingWorkflowRun(world);
      await world.done('POST', `/v1/workflow-runs/${id}/pause`);
      return { id };
    },
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  retryWorkflowRun: {
    request: async (world) => ({ id: await failedWorkflowRun(world), body: { mode: 'from_step', step_ref: 'work' } }),
    status: 201,
    body: run,
    scope: 'workflows:trigger',
  },
  bulkCancelWorkflowRuns: {
    request: async (world) => ({ body: { workflow_run_ids: [await waitingWorkflowRun(world)], reason: 'enough' } }),
    status: 200,
    body: documentedShape('BulkCancelWorkflowRuns'),
    scope: 'workflows:write',
  },
  approveWorkflowStep: {
    request: waiting({ params: { ref: 'review' }, body: { approver: 'ada', reason: 'fine' } }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  declineWorkflowStep: {
    request: waiting({ params: { ref: 'review' }, body: { reason: 'no' } }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  skipWorkflowStep: { request: waiting({ params: { ref: 'review' } }), status: 200, body: run, scope: 'workflows:write' },
  forceCompleteWorkflowStep: {
    request: waiting({ params: { ref: 'review' }, body: { output: { approved: true }, reason: 'known' } }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  retryWorkflowStep: {
    request: async (world) => ({ id: await halfFailed(world), params: { ref: 'work' } }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
};
