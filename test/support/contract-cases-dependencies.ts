import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

const dependency = documentedShape('JobDependency');

/** A job that depends on another one of which no run has ended, and the dependency. */
async function dependent(
  world: RestWorld,
): Promise<{ readonly id: string; readonly params: { readonly dependency_id: string } }> {
  const [job, target] = [await world.createJob(), await world.createJob()];
  const body = { depends_on_job_id: target.id, condition: 'any' };
  const { id } = await world.done('POST', `/v1/jobs/${job.slug}/dependencies`, { body });
  return { id: job.id, params: { dependency_id: id } };
}

/** A run that waits for what its job depends on. */
async function waiting(world: RestWorld): Promise<GoodRequest> {
  const { id } = await world.done('POST', `/v1/jobs/${(await dependent(world)).id}/trigger`, { body: {} });
  return { id };
}

/** The routes of dependencies, by operation id. */
export const dependencyCases: Readonly<Record<string, ContractCase>> = {
  addJobDependency: {
    request: async (world) => ({
      id: (await world.createJob()).slug,
      body: { depends_on_job_id: world.job.id, condition: 'failed' },
    }),
    status: 201,
    body: dependency,
    scope: 'jobs:write',
  },
  listJobDependencies: { request: dependent, status: 200, body: [dependency], scope: 'jobs:read' },
  removeJobDependency: { request: dependent, status: 204, body: null, scope: 'jobs:write' },
  getRunDependencyStatus: { request: waiting, status: 200, body: documentedShape('DependencyStatus'), scope: 'runs:read' },
};
