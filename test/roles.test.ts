import { Kind } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../rest/route.ts';
import { routes } from '../rest/routes.ts';
import { ROLES, type Role, SCOPES_OF_ROLE } from '../src/auth/roles.ts';
import { allows, type Scope } from '../src/auth/scopes.ts';
import { send } from './support/contract-cases.ts';
import { contractCases } from './support/contract-cases-all.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';
import { type RestWorld, startRestWorld } from './support/rest-world.ts';
import { ROOT_FIELDS } from './support/root-documents.ts';
import { type RootField, rootFields } from './support/root-fields.ts';

/** Written out by hand from what roles are for, so that a scope does not get into one unnoticed. */
const MAY: Readonly<Record<Role, readonly Scope[]>> = {
  admin: ['*'],
  operator: [
    'jobs:read',
    'jobs:write',
    'jobs:trigger',
    'runs:read',
    'runs:write',
    'workflows:read',
    'workflows:write',
    'workflows:trigger',
    'secrets:read',
    'stats:read',
  ],
  viewer: ['jobs:read', 'runs:read', 'workflows:read', 'stats:read'],
  triggerer: ['jobs:trigger', 'workflows:trigger'],
};

const fields = rootFields();
const needsOf = new Map(fields.map(({ coordinate, needs }) => [coordinate, needs]));

function isAllowed(role: Role, needs: RootField['needs']): boolean {
  if (needs === 'run token') return false;
  return needs === 'any key' || allows(new Set(SCOPES_OF_ROLE[role]), needs);
}

it('roles are these sets of scopes', () => {
  for (const role of ROLES) expect(SCOPES_OF_ROLE[role].toSorted()).toEqual(MAY[role].toSorted());
});

describe('every field of GraphQL, for every role', () => {
  let t: GraphQLWorld;
  beforeAll(async () => {
    t = await makeGraphQLWorld();
  });
  afterAll(() => t.close());

  it.each(fields)('$coordinate is open to those that have $needs', async ({ needs, document }) => {
    for (const role of ROLES) {
      const { errors = [] } = await t.ask(document, { as: keyOf('default', ...SCOPES_OF_ROLE[role]) });
      const refused = errors.filter(({ extensions }) => extensions?.['code'] === 'FORBIDDEN');
      expect([role, refused.length === 0]).toEqual([role, isAllowed(role, needs)]);
      expect(errors.filter(({ extensions }) => ['INTERNAL', undefined].includes(extensions?.['code'] as string))).toEqual([]);
    }
  });
});

describe('every route of REST, for every role', () => {
  let world: RestWorld;
  const keys = new Map<Role, string>();
  beforeAll(async () => {
    world = await startRestWorld();
    for (const role of ROLES) {
      const made = await world.done('POST', '/v1/api-keys', { body: { name: role, role } });
      expect([made.role, made.scopes.toSorted()]).toEqual([role, MAY[role].toSorted()]);
      keys.set(role, made.key);
    }
  });
  afterAll(() => world.close());

  it.each(routes.filter(({ auth }) => auth === 'key').map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is open to those that have what its document asks for',
    async (_, route) => {
      const found = contractCases[route.operationId];
      const needs = BY_TARGET[route.operationId] ?? rootNeeds(route);
      expect(found?.scope ?? 'any key').toBe(needs);
      const good = (await found?.request(world)) ?? {};
      // Refusals first: they change nothing, whatever the others do.
      const roles = ROLES.toSorted((a, b) => Number(isAllowed(a, needs)) - Number(isAllowed(b, needs)));
      for (const role of roles) {
        const { status } = await send(world, route, { ...good, token: keys.get(role) ?? '' });
        expect([role, status !== 403]).toEqual([role, isAllowed(role, needs) && !isBeyond(role, route)]);
      }
    },
  );

  /** A key gives no scopes that it does not have: those of the contract cases are none of a role that may manage keys otherwise. */
  function isBeyond(role: Role, { operationId }: Route): boolean {
    return operationId === 'createApiKey' && role !== 'admin';
  }
});

/** Fields that ask any key in, and then for the scope of what a schedule triggers: here, a job. */
const BY_TARGET: Readonly<Record<string, RootField['needs']>> = {
  getSchedule: 'jobs:read',
  createSchedule: 'jobs:write',
  updateSchedule: 'jobs:write',
  pauseSchedule: 'jobs:write',
  resumeSchedule: 'jobs:write',
  cancelSchedule: 'jobs:write',
  deleteSchedule: 'jobs:write',
  runScheduleNow: 'jobs:trigger',
};

/** What the one root field of the document of a route asks for. */
function rootNeeds({ operation }: Route): RootField['needs'] {
  const [root] = operation.selectionSet.selections;
  if (root?.kind !== Kind.FIELD) throw new Error('a document starts with a field');
  const type = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' }[operation.operation];
  const coordinate = `${type}.${root.name.value}`;
  // Subscriptions are not tried by role; what they need stands in the table that is tried scope by scope.
  const needs = needsOf.get(coordinate) ?? ROOT_FIELDS[coordinate]?.needs;
  if (needs === undefined) throw new Error(`nobody knows what ${coordinate} needs`);
  return needs;
}
