import { createClient } from '../../src/sdk/entry.ts';
import { ADMIN_KEY } from './app.ts';
import type { ContractCase } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const run = documentedShape('JobRun');
let count = 0;
/** Far enough away that nothing starts while a test runs, and within the year that a start may lie ahead. */
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

async function ended(world: RestWorld): Promise<string> {
  return (await world.ended({ payload: DO.fail })).id;
}

/** A run that has failed for good; no job setting leads there, an executor's word does. */
async function failed(world: RestWorld): Promise<string> {
  const { id, token } = await world.accepted();
  await world.done('POST', `/sdk/v1/runs/${id}/fail`, { key: token, body: { error: 'given up' } });
  return id;
}

/** A run that executes as a process, until the world is closed. */
async function managed(world: RestWorld): Promise<string> {
  const job = await world.createJob({ execution_mode: 'managed', image_uri: 'exec:sleep 600', endpoint_url: null });
  const { id } = await world.done('POST', `/v1/jobs/${job.slug}/trigger`, { body: { payload: DO.accept } });
  const { runs } = createClient({ url: world.url, apiKey: ADMIN_KEY });
  for await (const { toStatus } of runs.watch(id)) if (toStatus === 'executing') break;
  return id;
}

async function delayed(world: RestWorld): Promise<string> {
  const body = { payload: DO.complete, scheduled_at: inDays(1) };
  const headers = { 'idempotency-key': `operation-${++count}` };
  const { id } = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger`, { body, headers });
  return id;
}

/** The routes for operations on runs, by operation id. */
export const operationCases: Readonly<Record<string, ContractCase>> = {
  replayRun: { request: async (world) => ({ id: await failed(world) }), status: 202, body: run, scope: 'runs:write' },
  rescheduleRun: {
    request: async (world) => ({
      id: await delayed(world),
      body: { scheduled_at: inDays(2), payload: DO.complete },
    }),
    status: 200,
    body: run,
    scope: 'runs:write',
  },
  pauseRun: { request: async (world) => ({ id: await managed(world) }), status: 200, body: run, scope: 'runs:write' },
  resumeRun: {
    request: async (world) => {
      const id = await managed(world);
      await world.done('POST', `/v1/runs/${id}/pause`);
      return { id };
    },
    status: 200,
    body: run,
    scope: 'runs:write',
  },
  restartRun: {
    request: async (world) => ({ id: await managed(world), body: { machine_preset: 'small-2x' } }),
    status: 200,
    body: run,
    scope: 'runs:write',
  },
  setRunDebugMode: {
    request: async (world) => ({ id: await delayed(world), body: { debug_mode: true } }),
    status: 200,
    body: documentedShape('Status'),
    scope: 'runs:write',
  },
  resetRunIdempotencyKey: {
    request: async (world) => ({ id: await delayed(world) }),
    status: 200,
    body: documentedShape('IdempotencyReset'),
    scope: 'runs:write',
  },
  bulkCancelRuns: {
    request: async (world) => ({ body: { run_ids: [await delayed(world), await ended(world)] } }),
    status: 200,
    body: documentedShape('BulkCancel'),
    scope: 'runs:write',
  },
  bulkCancelAllRuns: {
    request: async (world) => {
      await delayed(world);
      return { query: 'project_id=default', body: { job_id: world.job.id, status: 'delayed', triggered_by: 'manual' } };
    },
    status: 200,
    body: documentedShape('BulkCancel'),
    scope: 'runs:write',
  },
  bulkReplayRuns: {
    request: async (world) => ({ body: { run_ids: [await failed(world), await ended(world)] } }),
    status: 200,
    body: [run],
    scope: 'runs:write',
  },
  bulkReplayDeadLetteredRuns: {
    request: async (world) => ({ body: { run_ids: [await ended(world)] } }),
    status: 200,
    body: documentedShape('BulkDlqReplay'),
    scope: 'runs:write',
  },
};
