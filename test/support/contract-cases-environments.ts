import { randomUUID } from 'node:crypto';
import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

const environment = documentedShape('Environment');
const secret = documentedShape('Secret');
const price = documentedShape('ModelPrice');
const circuit = documentedShape('CircuitBreaker');

const made = async (world: RestWorld, path: string, body: object): Promise<{ readonly id: string }> => {
  const { id } = await world.done('POST', path, { body });
  return { id };
};

const environmentBody = () => ({ slug: `env-${randomUUID().slice(0, 13)}x`, variables: { LEVEL: 'high' } });
const secretBody = () => ({ key: `K${randomUUID().replaceAll('-', '').toUpperCase()}`, value: 'a value of enough characters' });
const priceBody = () => ({ provider: 'acme', model: randomUUID(), prompt_microusd: 3_000_000, completion_microusd: 15_000_000 });

/** A circuit that has been opened. */
async function opened(world: RestWorld): Promise<GoodRequest> {
  const id = randomUUID();
  await world.sql(
    `insert into circuits (id, project_id, endpoint, state, failures, opened_at, retry_at)
     values ($1, 'default', $2, 'open', 5, now(), now() + interval '1 minute')`,
    [id, `http://127.0.0.1:9/${id}`],
  );
  return { id };
}

/** The routes of what jobs run with and of what keeps them away from endpoints, by operation id. */
export const environmentCases: Readonly<Record<string, ContractCase>> = {
  createEnvironment: { request: () => ({ body: environmentBody() }), status: 201, body: environment, scope: 'secrets:write' },
  listEnvironments: {
    request: async (world) => {
      await made(world, '/v1/environments', environmentBody());
      return {};
    },
    status: 200,
    body: [environment],
    scope: 'secrets:read',
  },
  getEnvironment: {
    request: (world) => made(world, '/v1/environments', environmentBody()),
    status: 200,
    body: environment,
    scope: 'secrets:read',
  },
  updateEnvironment: {
    request: async (world) => ({
      ...(await made(world, '/v1/environments', environmentBody())),
      body: { name: 'Changed', variables: { ENDPOINT_URL: 'http://127.0.0.1:9/' } },
    }),
    status: 200,
    body: environment,
    scope: 'secrets:write',
  },
  deleteEnvironment: {
    request: (world) => made(world, '/v1/environments', environmentBody()),
    status: 204,
    body: null,
    scope: 'secrets:write',
  },
  createSecret: { request: () => ({ body: secretBody() }), status: 201, body: secret, scope: 'secrets:write' },
  listSecrets: {
    request: async (world) => {
      await made(world, '/v1/secrets', secretBody());
      return {};
    },
    status: 200,
    body: [secret],
    scope: 'secrets:read',
  },
  getSecret: { request: (world) => made(world, '/v1/secrets', secretBody()), status: 200, body: secret, scope: 'secrets:read' },
  rotateSecret: {
    request: async (world) => ({ ...(await made(world, '/v1/secrets', secretBody())), body: { value: 'another value' } }),
    status: 200,
    body: secret,
    scope: 'secrets:write',
  },
  deleteSecret: { request: (world) => made(world, '/v1/secrets', secretBody()), status: 204, body: null, scope: 'secrets:write' },
  setModelPrice: { request: () => ({ body: priceBody() }), status: 200, body: price, scope: 'jobs:write' },
  listModelPrices: {
    request: async (world) => {
      await made(world, '/v1/pricing', priceBody());
      return {};
    },
    status: 200,
    body: [price],
    scope: 'jobs:read',
  },
  deleteModelPrice: { request: (world) => made(world, '/v1/pricing', priceBody()), status: 204, body: null, scope: 'jobs:write' },
  listCircuitBreakers: {
    request: async (world) => {
      await opened(world);
      return {};
    },
    status: 200,
    body: [circuit],
    scope: 'jobs:read',
  },
  resetCircuitBreaker: { request: opened, status: 200, body: circuit, scope: 'jobs:write' },
  getJobHealth: {
    request: (world) => ({ id: world.job.slug, query: 'window=7d' }),
    status: 200,
    body: documentedShape('JobHealth'),
    scope: 'jobs:read',
  },
  batchEnableJobs: {
    request: async (world) => ({ body: { ids: [(await world.createJob()).id, world.job.slug] } }),
    status: 200,
    body: documentedShape('SwitchedJobs'),
    scope: 'jobs:write',
  },
  batchDisableJobs: {
    request: async (world) => ({ body: { ids: [(await world.createJob()).id] } }),
    status: 200,
    body: documentedShape('SwitchedJobs'),
    scope: 'jobs:write',
  },
  cloneJob: {
    request: (world) => ({ id: world.job.slug, body: { slug: `copy-${randomUUID().slice(0, 13)}x` } }),
    status: 201,
    body: { ...documentedShape('Job'), signing_secret: 'string' },
    scope: 'jobs:write',
  },
};
