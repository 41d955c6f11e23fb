import type { ContractCase } from './contract-cases.ts';
import { failedWorkflowRun, waitingWorkflowRun } from './contract-cases-workflow-runs.ts';
import { savedWorkflow } from './contract-cases-workflows.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const run = documentedShape('AutomationRun');
const automation = documentedShape('Automation');

/** A new automation as it is sent: its first step waits for a person. */
function automationBody(world: RestWorld): object {
  return {
    name: 'Weekly report',
    description: 'Reports.',
    orchestratorType: 'local',
    config: {
      steps: [
        { key: 'review', type: 'approval' },
        { key: 'work', jobSlug: world.job.slug, dependsOn: ['review'], payload: DO.complete, maxAttempts: 1 },
      ],
      timeoutSecs: 600,
    },
  };
}

/** The routes of reference 004, by operation id. */
export const automationCases: Readonly<Record<string, ContractCase>> = {
  createAutomation: {
    request: (world) => ({ body: automationBody(world) }),
    status: 201,
    body: automation,
    scope: 'workflows:write',
  },
  listAutomations: {
    request: async (world) => {
      await savedWorkflow(world);
      return { query: 'limit=3&offset=0' };
    },
    status: 200,
    body: documentedShape('AutomationList'),
    scope: 'workflows:read',
  },
  getAutomation: {
    request: async (world) => ({ id: (await savedWorkflow(world)).id }),
    status: 200,
    body: automation,
    scope: 'workflows:read',
  },
  startAutomation: {
    request: async (world) => ({ id: (await savedWorkflow(world)).id, body: { input: { n: 1 } } }),
    status: 201,
    body: run,
    scope: 'workflows:trigger',
  },
  listAutomationRuns: {
    request: async (world) => {
      await waitingWorkflowRun(world);
      return { query: 'status=running&limit=1&offset=0' };
    },
    status: 200,
    body: documentedShape('AutomationRunList'),
    scope: 'workflows:read',
  },
  getAutomationRun: {
    request: async (world) => ({ id: await waitingWorkflowRun(world) }),
    status: 200,
    body: run,
    scope: 'workflows:read',
  },
  cancelAutomationRun: {
    request: async (world) => ({ id: await waitingWorkflowRun(world) }),
    status: 200,
    body: run,
    scope: 'workflows:write',
  },
  retryAutomationRun: {
    request: async (world) => ({ id: await failedWorkflowRun(world), body: { mode: 'from_step', stepKey: 'work' } }),
    status: 200,
    body: run,
    scope: 'workflows:trigger',
  },
  streamAutomationRunEvents: {
    request: async (world) => ({ id: await failedWorkflowRun(world) }),
    status: 200,
    body: 'any',
    scope: 'workflows:read',
  },
  getAutomationRunSteps: {
    request: async (world) => ({ id: await failedWorkflowRun(world) }),
    status: 200,
    body: documentedShape('AutomationRunSteps'),
    scope: 'workflows:read',
  },
};
