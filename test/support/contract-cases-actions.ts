import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

/** An action run at rest: one input that its executor keeps, one that is for later. */
async function launched(world: RestWorld): Promise<string> {
  const body = { inputs: [{ ...DO.accept, custom_data: { row: 1 } }] };
  const { run_uid } = await world.done('POST', `/v1/actions/${world.job.slug}/async`, { body });
  const [input] = await world.done('GET', `/v1/runs/${run_uid}/inputs`);
  await world.dispatched(input.uid);
  await world.settled();
  return run_uid;
}

const ofRun = async (world: RestWorld): Promise<GoodRequest> => ({ id: await launched(world) });

const callback = documentedShape('ActionRunCallback');

const live: ContractCase = {
  request: (world) => ({
    id: world.job.slug,
    body: {
      input: DO.complete,
      custom_data: { row: 1 },
      parameters: { max_results: 1 },
      identity_ids: ['a'],
      identity_mode: 'auto',
    },
    headers: { prefer: 'wait=20' },
  }),
  status: 200,
  body: documentedShape('LiveActionResult'),
  scope: 'jobs:trigger',
};

const manyInputs: ContractCase = {
  request: (world) => ({
    id: world.job.slug,
    body: {
      inputs: [{ ...DO.complete, custom_data: 1 }],
      parameters: { max_results: 1 },
      identity_ids: ['a'],
      identity_mode: 'direct',
      callback: { url: `${world.url}/healthz`, headers: { authorization: 'Bearer x' }, on: 'final' },
    },
  }),
  status: 201,
  body: documentedShape('LaunchedAction'),
  scope: 'jobs:trigger',
};

/** The callback of a run that has ended, which nobody was there to take. */
async function calledBack(world: RestWorld): Promise<GoodRequest> {
  const body = { inputs: [DO.complete], callback: { url: `${world.url}/v1/nobody`, on: 'final' } };
  const { run_uid } = await world.done('POST', `/v1/actions/${world.job.slug}/async`, { body });
  await world.settled();
  const [callback] = await world.done('GET', `/v1/runs/callbacks?run_uid=${run_uid}`);
  return { id: callback.uid };
}

const scheduled: ContractCase = {
  request: (world) => ({
    id: world.job.slug,
    body: {
      inputs: [{ ...DO.complete, custom_data: 1 }],
      parameters: { max_results: 1 },
      identity_ids: ['a'],
      identity_mode: 'managed',
      callback: { url: `${world.url}/healthz` },
      name: 'Every year',
      cron: '0 9 1 1 *',
      timezone: 'Europe/Berlin',
    },
  }),
  status: 201,
  body: documentedShape('Schedule'),
  scope: 'jobs:write',
};

/** The routes of the actions API, by operation id. */
export const actionCases: Readonly<Record<string, ContractCase>> = {
  runActionLive: live,
  runActionLiveBriefly: live,
  runActionAsync: manyInputs,
  runActionAsyncBriefly: manyInputs,
  scheduleAction: scheduled,
  scheduleActionBriefly: scheduled,
  getActionRunStatus: { request: ofRun, status: 200, body: documentedShape('ActionRunStatus'), scope: 'runs:read' },
  listActionRunInputs: { request: ofRun, status: 200, body: [documentedShape('ActionRunInput')], scope: 'runs:read' },
  listActionRunCallbacks: {
    request: async (world) => {
      await calledBack(world);
      return { query: 'limit=10' };
    },
    status: 200,
    body: [callback],
    scope: 'runs:read',
  },
  getActionRunCallback: { request: calledBack, status: 200, body: callback, scope: 'runs:read' },
  replayActionRunCallback: { request: calledBack, status: 201, body: callback, scope: 'runs:write' },
  cancelActionRun: { request: ofRun, status: 200, body: documentedShape('ActionRun'), scope: 'runs:write' },
};
