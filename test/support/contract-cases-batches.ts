import type { ContractCase } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const batch = documentedShape('BatchOperation');

/** A batch at rest: one run that its executor keeps, and an item that was refused. */
async function triggered(world: RestWorld): Promise<string> {
  const body = { items: [{ payload: DO.accept }, { priority: 11 }] };
  const { batch_id, results } = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger/bulk`, { body });
  await world.dispatched(results[0].id);
  await world.settled();
  return batch_id;
}

/** The routes for batches, by operation id. */
export const batchCases: Readonly<Record<string, ContractCase>> = {
  listBatchOperations: {
    request: async (world) => {
      await triggered(world);
      return { query: 'project_id=default&limit=10' };
    },
    status: 200,
    body: [batch],
    scope: 'runs:read',
  },
  getBatchOperation: {
    request: async (world) => ({ id: await triggered(world) }),
    status: 200,
    body: batch,
    scope: 'runs:read',
  },
};
