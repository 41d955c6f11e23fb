import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { failedWorkflowRun, waitingWorkflowRun } from './contract-cases-workflow-runs.ts';
import { savedWorkflow } from './contract-cases-workflows.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const run = documentedShape('WorkflowApiRun');

/** A workflow run that has ended, and had a run of another workflow as its work. */
async function nestedRun(world: RestWorld): Promise<string> {
  const inner = await savedWorkflow(world, { steps: [{ step_ref: 'work', job_id: world.job.id, payload: DO.complete }] });
  const outer = await savedWorkflow(world, { steps: [{ step_ref: 'inside', type: 'sub_workflow', workflow_id: inner.id }] });
  const { id } = await world.done('POST', `/v1/workflows/${outer.id}/trigger`, { body: { payload: { node: { n: 1 } } } });
  await world.settled();
  return id;
}

const nested =
  (more: GoodRequest = {}) =>
  async (world: RestWorld): Promise<GoodRequest> => ({ id: await nestedRun(world), ...more });

/** A workflow of one job that completes. */
const completing = async (world: RestWorld): Promise<string> =>
  (await savedWorkflow(world, { steps: [{ step_ref: 'work', job_id: world.job.id, payload: DO.complete }] })).id;

/** A run that an approval has been decided of. */
async function decidedRun(world: RestWorld): Promise<string> {
  const id = await waitingWorkflowRun(world);
  await world.done('POST', `/wf/process_pause_action/${id}/`, {
    body: { action: 'APPROVE', inputs: { sum: 1 }, user_id: 'ada', comments: 'fine' },
  });
  await world.settled();
  return id;
}

/** The routes of reference 002, by operation id. */
export const workflowApiCases: Readonly<Record<string, ContractCase>> = {
  listWorkflowApiRuns: {
    request: async (world) => {
      await nestedRun(world);
      return { query: 'page=1&page_size=2&parent_only=true' };
    },
    status: 200,
    body: [run],
    scope: 'workflows:read',
  },
  getWorkflowApiRun: { request: nested(), status: 200, body: run, scope: 'workflows:read' },
  getWorkflowApiRunStatus: { request: nested(), status: 200, body: run, scope: 'workflows:read' },
  listWorkflowApiTasks: {
    request: async (world) => ({ id: await failedWorkflowRun(world) }),
    status: 200,
    body: [documentedShape('Task')],
    scope: 'workflows:read',
  },
  listWorkflowApiChildren: {
    request: nested({ query: 'page=1&page_size=5' }),
    status: 200,
    body: [run],
    scope: 'workflows:read',
  },
  runWorkflowApi: {
    request: async (world) => ({
      id: await completing(world),
      query: 'wait_secs=20',
      body: { initial_inputs: { node: { n: 1 } } },
    }),
    status: 200,
    body: 'any',
    scope: 'workflows:trigger',
  },
  startWorkflowApiRun: {
    request: async (world) => ({ id: await completing(world), body: { initial_inputs: { node: { n: 1 } }, files: null } }),
    status: 200,
    body: run,
    scope: 'workflows:trigger',
  },
  runWorkflowApiPartially: {
    request: async (world) => ({
      id: await completing(world),
      query: 'wait_secs=20',
      body: { node_id: 'work', initial_inputs: {}, partial_outputs: {}, rerun_predecessors: false },
    }),
    status: 200,
    body: 'any',
    scope: 'workflows:trigger',
  },
  startWorkflowApiBatch: {
    request: async (world) => ({ id: await completing(world), body: { items: [{ n: 1 }, { n: 2 }], mini_batch_size: 1 } }),
    status: 200,
    body: run,
    scope: 'workflows:trigger',
  },
  listRunsOfWorkflowApi: {
    request: async (world) => {
      const id = await completing(world);
      await world.done('POST', `/wf/${id}/run`);
      return { id, query: 'page=1&page_size=1&status=COMPLETED&start_date=2020-01-01T00:00:00Z&end_date=2100-01-01T00:00:00Z' };
    },
    status: 200,
    body: [run],
    scope: 'workflows:read',
  },
  listPausedWorkflows: {
    request: async (world) => {
      await waitingWorkflowRun(world);
      return { query: 'page=1&page_size=3' };
    },
    status: 200,
    body: [documentedShape('PausedRun')],
    scope: 'workflows:read',
  },
  getPauseHistory: {
    request: async (world) => ({ id: await decidedRun(world) }),
    status: 200,
    body: [documentedShape('PauseHistory')],
    scope: 'workflows:read',
  },
  processPauseAction: {
    request: async (world) => ({
      id: await waitingWorkflowRun(world),
      body: { action: 'OVERRIDE', inputs: { sum: 1 }, user_id: 'ada', comments: 'known' },
    }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  cancelWorkflowApiRun: {
    request: async (world) => ({ id: await waitingWorkflowRun(world) }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  deleteWorkflowApiRun: {
    request: async (world) => ({ id: await failedWorkflowRun(world) }),
    status: 204,
    body: null,
    scope: 'workflows:write',
  },
};
