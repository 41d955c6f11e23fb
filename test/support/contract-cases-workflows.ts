import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const workflow = documentedShape('Workflow');
let count = 0;

/** A workflow body with a step of each type that a contract needs: its first step waits for a person. */
export function workflowBody(world: RestWorld, fields: object = {}) {
  return {
    slug: `workflow-${++count}`,
    name: 'A workflow',
    steps: [
      { step_ref: 'review', type: 'approval', message: 'Shall it go on?', timeout_secs: 3_600 },
      { step_ref: 'work', type: 'job', job_id: world.job.id, depends_on: ['review'], payload: DO.complete, max_attempts: 1 },
      {
        step_ref: 'many',
        type: 'map',
        job_slug: world.job.slug,
        depends_on: ['review'],
        items: '[1, 2]',
        on_failure: 'continue',
        condition: { type: 'step_status', step_ref: 'review', status: 'completed' },
      },
      {
        step_ref: 'choose',
        type: 'router',
        depends_on: ['work', 'many'],
        routes: [{ name: 'sleep', when: 'true', to: ['sleep'] }],
      },
      { step_ref: 'sleep', type: 'sleep', sleep_secs: 0, depends_on: ['choose'] },
    ],
    ...fields,
  };
}

/** A saved workflow. */
export async function savedWorkflow(
  world: RestWorld,
  fields: object = {},
): Promise<{ readonly id: string; readonly slug: string }> {
  return world.done('POST', '/v1/workflows', { body: workflowBody(world, fields) });
}

const onWorkflow =
  (more: GoodRequest = {}) =>
  async (world: RestWorld): Promise<GoodRequest> => ({ id: (await savedWorkflow(world)).slug, ...more });

const TRIGGER = { payload: { n: 1 }, tags: { team: 'core' }, step_overrides: [{ step_ref: 'many', enabled: false }] };

/** The routes of workflows, by operation id. */
export const workflowCases: Readonly<Record<string, ContractCase>> = {
  createWorkflow: {
    request: (world) => ({ body: workflowBody(world, { tags: { team: 'core' }, input_schema: { type: 'object' } }) }),
    status: 201,
    body: workflow,
    scope: 'workflows:write',
  },
  listWorkflows: {
    request: async (world) => ({ query: `project_id=default&limit=5&slug=${(await savedWorkflow(world)).slug}` }),
    status: 200,
    body: [documentedShape('WorkflowSummary')],
    scope: 'workflows:read',
  },
  getWorkflow: { request: onWorkflow(), status: 200, body: workflow, scope: 'workflows:read' },
  updateWorkflow: {
    request: async (world) => ({
      id: (await savedWorkflow(world)).id,
      body: { expected_version: 1, timeout_secs: 600, steps: workflowBody(world).steps.slice(0, 1) },
    }),
    status: 200,
    body: workflow,
    scope: 'workflows:write',
  },
  deleteWorkflow: { request: onWorkflow(), status: 204, body: null, scope: 'workflows:write' },
  listWorkflowVersions: {
    request: onWorkflow({ query: 'limit=1' }),
    status: 200,
    body: [documentedShape('WorkflowVersion')],
    scope: 'workflows:read',
  },
  getWorkflowGraph: { request: onWorkflow(), status: 200, body: documentedShape('WorkflowGraph'), scope: 'workflows:read' },
  triggerWorkflow: {
    request: onWorkflow({ body: TRIGGER }),
    status: 201,
    body: documentedShape('TriggeredWorkflow'),
    scope: 'workflows:trigger',
  },
  dryRunWorkflow: {
    request: onWorkflow({ body: TRIGGER }),
    status: 200,
    body: documentedShape('WorkflowDryRun'),
    scope: 'workflows:trigger',
  },
  listRunsOfWorkflow: {
    request: async (world) => {
      const { id } = await savedWorkflow(world);
      await world.done('POST', `/v1/workflows/${id}/trigger`, { body: TRIGGER });
      return { id, query: 'limit=5' };
    },
    status: 200,
    body: [documentedShape('WorkflowRun')],
    scope: 'workflows:read',
  },
};
