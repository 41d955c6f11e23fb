import type { ContractCase } from './contract-cases.ts';
import { operationCases } from './contract-cases-operations.ts';
import { documentedShape, type Shape } from './documented-shapes.ts';
import { DO, type RestWorld } from './rest-world.ts';

const run = documentedShape('JobRun');
const job = documentedShape('Job');
const writtenJob: Shape = { ...job, signing_secret: 'string' };
const { updated_at: _updated, enabled: _enabled, id: _id, project_id: _project, ...versioned } = job;
const apiKey = documentedShape('ApiKey');
const project = documentedShape('Project');
let names = 0;
const fresh = (name: string): string => `${name}-${++names}`;

const fullJob = () => ({
  slug: fresh('full'),
  name: 'Everything a job can say',
  description: 'With every field.',
  endpoint_url: 'http://127.0.0.1:9/run',
  fallback_endpoint_url: 'http://127.0.0.1:9/spare',
  image_uri: "exec:node 'my worker.js'",
  machine_preset: 'small-1x',
  enabled: true,
  execution_mode: 'http',
  max_attempts: 4,
  timeout_secs: 60,
  heartbeat_timeout_secs: 20,
  retry_strategy: 'custom',
  retry_initial_delay_secs: 2,
  retry_max_delay_secs: 30,
  retry_delays_secs: [1, 2, 3],
  retry_priority_boost: 1,
  poison_pill_threshold: 3,
  max_concurrency: 5,
  max_concurrency_per_key: 2,
  run_ttl_secs: 600,
  rate_limit_max: 1_000,
  rate_limit_window_secs: 60,
  dedup_window_secs: 5,
  debounce_window_secs: 2,
  execution_window_cron: '* 9-17 * * 1-5',
  timezone: 'Europe/Berlin',
  version_policy: 'minor',
  payload_schema: { type: 'object' },
  result_schema: { type: 'object' },
  tags: { team: 'billing' },
  default_run_metadata: { region: 'eu' },
  webhook_url: 'http://127.0.0.1:9/ended',
  webhook_secret: 'a secret of the job',
});

async function deadLetter(world: RestWorld): Promise<{ id: string }> {
  return { id: (await world.ended({ payload: DO.fail })).id };
}

/** The routes under `/v1`, by operation id. */
export const v1Cases: Readonly<Record<string, ContractCase>> = {
  createJob: {
    request: () => ({ body: { project_id: 'default', ...fullJob() } }),
    status: 201,
    body: writtenJob,
    scope: 'jobs:write',
  },
  listJobs: { request: () => ({ query: 'project_id=default&limit=2' }), status: 200, body: [job], scope: 'jobs:read' },
  getJob: { request: ({ job: { slug } }) => ({ id: slug }), status: 200, body: job, scope: 'jobs:read' },
  updateJob: {
    request: async (world) => ({
      id: (await world.createJob()).id,
      body: { name: 'Renamed', max_attempts: 2, run_ttl_secs: null },
    }),
    status: 200,
    body: writtenJob,
    scope: 'jobs:write',
  },
  deleteJob: { request: async (world) => ({ id: (await world.createJob()).id }), status: 204, body: null, scope: 'jobs:write' },
  listJobVersions: {
    request: ({ job: { id } }) => ({ id, query: 'limit=10' }),
    status: 200,
    body: [{ ...versioned, job_id: 'string', backwards_compatible: 'boolean' }],
    scope: 'jobs:read',
  },
  triggerJob: {
    request: ({ job: { slug } }) => ({
      id: slug,
      body: { payload: DO.complete, tags: { a: 'b' } },
      headers: { 'idempotency-key': fresh('key') },
    }),
    status: 201,
    body: documentedShape('Triggered'),
    scope: 'jobs:trigger',
  },
  triggerJobInBulk: {
    request: ({ job: { slug } }) => ({
      id: slug,
      body: { items: [{ payload: DO.complete }, { idempotency_key: fresh('key') }] },
    }),
    status: 201,
    body: documentedShape('BulkTriggered'),
    scope: 'jobs:trigger',
  },
  listRuns: { request: () => ({ query: 'project_id=default&limit=10' }), status: 200, body: [run], scope: 'runs:read' },
  listDeadLetteredRuns: {
    request: async (world) => {
      await deadLetter(world);
      return { query: 'project_id=default' };
    },
    status: 200,
    body: [run],
    scope: 'runs:read',
  },
  getRun: {
    request: async (world) => ({ id: (await world.ended({ payload: DO.complete })).id }),
    status: 200,
    body: run,
    scope: 'runs:read',
  },
  cancelRun: { request: async (world) => ({ id: (await world.accepted()).id }), status: 204, body: null, scope: 'runs:write' },
  ...operationCases,
  replayDeadLetteredRun: { request: deadLetter, status: 202, body: run, scope: 'runs:write' },
  listChildRuns: {
    request: async (world) => {
      const { id, token } = await world.accepted();
      const child = await world.done('POST', `/sdk/v1/runs/${id}/spawn`, { key: token, body: { job_slug: world.job.slug } });
      // A child that is still on its way would change what is stored while a refusal is looked at.
      await world.end(child.id);
      return { id };
    },
    status: 200,
    body: [run],
    scope: 'runs:read',
  },
  listRunEvents: {
    request: async (world) => ({ id: (await world.accepted()).id, query: 'level=info&type=state_change' }),
    status: 200,
    body: [documentedShape('RunEvent')],
    scope: 'runs:read',
  },
  listRunOutputs: {
    request: async (world) => {
      const { id, token } = await world.accepted();
      const body = { output_key: 'report', value: { pages: 3 }, schema: { type: 'object' } };
      await world.done('POST', `/sdk/v1/runs/${id}/output`, { key: token, body });
      return { id };
    },
    status: 200,
    body: [documentedShape('RunOutput')],
    scope: 'runs:read',
  },
  createProject: {
    request: () => ({ body: { id: fresh('project'), name: 'A project', max_executing_runs: 3, max_queued_runs: null } }),
    status: 201,
    body: project,
    scope: 'instance:admin',
  },
  listProjects: { request: () => ({ query: 'limit=1' }), status: 200, body: [project], scope: null },
  getProject: { request: () => ({ id: 'default' }), status: 200, body: project, scope: null },
  updateProject: {
    request: async (world) => {
      const id = fresh('project');
      await world.done('POST', '/v1/projects', { body: { id, name: 'A project' } });
      return { id, body: { name: 'Renamed', max_queued_runs: 100 } };
    },
    status: 200,
    body: project,
    scope: 'instance:admin',
  },
  createApiKey: {
    request: () => ({ body: { project_id: 'default', name: 'CI', scopes: ['jobs:read', 'runs:read'], expires_in_days: 30 } }),
    status: 201,
    body: { ...apiKey, key: 'string' },
    scope: 'api-keys:manage',
  },
  listApiKeys: {
    request: () => ({ query: 'project_id=default&limit=5' }),
    status: 200,
    body: [apiKey],
    scope: 'api-keys:manage',
  },
  rotateApiKey: {
    request: async (world) => ({
      id: (
        await world.done('POST', '/v1/api-keys', { body: { name: 'Rotated', scopes: ['api-keys:manage'], expires_in_days: 3 } })
      ).id,
      body: { grace_period_minutes: 5 },
    }),
    status: 201,
    body: { ...apiKey, key: 'string' },
    scope: 'api-keys:manage',
  },
  listRoles: { request: () => ({}), status: 200, body: [documentedShape('Role')], scope: 'rbac:manage' },
  revokeApiKey: {
    request: async (world) => ({ id: (await world.done('POST', '/v1/api-keys', { body: { name: 'Short-lived' } })).id }),
    status: 200,
    body: documentedShape('Status'),
    scope: 'api-keys:manage',
  },
};
