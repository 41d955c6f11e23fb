import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

const run = documentedShape('JobRun');
const reported = documentedShape('Reported');

const onAcceptedRun =
  (body?: unknown) =>
  async (world: RestWorld): Promise<GoodRequest> => ({ ...(await world.accepted()), ...(body !== undefined && { body }) });

/** The routes under `/sdk/v1`, by operation id; each on a run of its own. */
export const sdkCases: Readonly<Record<string, ContractCase>> = {
  getOwnPayload: { request: onAcceptedRun(), status: 200, body: 'any', scope: null },
  logEvent: {
    request: onAcceptedRun({ message: 'Fetching page 3', level: 'warn', type: 'log', data: { page: 3 } }),
    status: 200,
    body: reported,
    scope: null,
  },
  reportProgress: {
    request: onAcceptedRun({ percent: 40.5, message: 'Halfway', step: 'fetch', eta_secs: 12 }),
    status: 200,
    body: reported,
    scope: null,
  },
  sendHeartbeat: { request: onAcceptedRun(), status: 200, body: documentedShape('Status'), scope: null },
  upsertOutput: {
    request: onAcceptedRun({ output_key: 'report', value: { pages: 3 }, schema: { type: 'object' } }),
    status: 200,
    body: documentedShape('RunOutput'),
    scope: null,
  },
  completeOwnRun: { request: onAcceptedRun({ result: { pages: 3 } }), status: 200, body: run, scope: null },
  failOwnRun: { request: onAcceptedRun({ error: 'no such page', retry: false }), status: 200, body: run, scope: null },
  spawnChild: {
    request: async (world) => ({
      ...(await world.accepted()),
      body: { job_id: world.job.id, payload: { do: 'complete' }, priority: 3, spawn_key: 'page-3' },
    }),
    status: 202,
    body: run,
    scope: null,
  },
  waitForChildren: {
    request: async (world) => {
      const parent = await world.accepted();
      const path = `/sdk/v1/runs/${parent.id}/spawn`;
      const child = await world.done('POST', path, {
        key: parent.token,
        body: { job_slug: world.job.slug, payload: { do: 'accept' } },
      });
      return { ...parent, body: { run_ids: [child.id], timeout_secs: 60 } };
    },
    status: 200,
    body: documentedShape('ChildrenWait'),
    scope: null,
  },
};
