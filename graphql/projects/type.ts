import { ROLES, type Role } from '../../src/auth/roles.ts';
import { SCOPES, type Scope } from '../../src/auth/scopes.ts';
import type { ApiKeyRow } from '../../src/domain/projects/api-key-row.ts';
import type { CreatedApiKey } from '../../src/domain/projects/create-api-key.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOrNull } from '../enum-values.ts';

/** What an API key may do. */
export const ScopeEnum = builder.enumType('Scope', {
  description:
    'What an API key may do. REST writes them in small letters, for example `JOBS_READ` as `jobs:read` and `ALL` as `*`.',
  values: enumValues<Scope>({
    '*': 'Everything inside the project of the key.',
    'instance:admin': 'Projects themselves, and keys for any of them.',
    'jobs:read': 'See jobs and their versions.',
    'jobs:write': 'Create, change and delete jobs; see what their dispatches are signed with.',
    'jobs:trigger': 'Trigger runs of jobs.',
    'runs:read': 'See runs and follow them.',
    'runs:write': 'Cancel and replay runs.',
    'workflows:read': 'See workflows.',
    'workflows:write': 'Create, change and delete workflows.',
    'workflows:trigger': 'Trigger runs of workflows.',
    'secrets:read': 'See the names of secrets.',
    'secrets:write': 'Set and delete secrets.',
    'api-keys:manage': 'See, create, rotate and revoke the API keys of the project.',
    'rbac:manage': 'See which roles there are and what they may do.',
    'stats:read': 'See statistics.',
  }),
});

/** A name for scopes. */
export const RoleEnum = builder.enumType('Role', {
  description: 'A name for scopes, within the project of its key.',
  values: enumValues<Role>({
    admin: 'Everything inside the project.',
    operator: 'Everything with jobs, runs and workflows; not who may do what.',
    viewer: 'Sees jobs, runs, workflows and statistics.',
    triggerer: 'Triggers runs of jobs and workflows, and sees none of them.',
  }),
});

/** A role, and what it may do. */
export const RoleDescription = builder
  .objectRef<{ readonly role: Role; readonly scopes: readonly Scope[] }>('RoleDescription')
  .implement({
    description: 'A role, and what it may do.',
    fields: (t) => ({
      role: t.field({ type: RoleEnum, description: 'The role.', resolve: ({ role }) => role }),
      scopes: t.field({
        type: [ScopeEnum],
        description: 'What a key that is made with it today may do.',
        resolve: ({ scopes }) => [...scopes],
      }),
    }),
  });

/** A tenant. */
export const Project = builder.prismaObject('Project', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    maxExecutingRuns: t.exposeInt('maxExecutingRuns', { nullable: true }),
    maxQueuedRuns: t.exposeInt('maxQueuedRuns', { nullable: true }),
    maxJobs: t.exposeInt('maxJobs', { nullable: true }),
    maxActiveEventTriggers: t.exposeInt('maxActiveEventTriggers', { nullable: true }),
    maxDailyCostMicrousd: t.float({
      nullable: true,
      description:
        'What its runs may cost on one day of UTC before triggers are refused, in millionths of a US dollar; null is anything.',
      select: { maxDailyCostMicrousd: true },
      resolve: ({ maxDailyCostMicrousd }) => numberOf(maxDailyCostMicrousd),
    }),
    maxCostPerRunMicrousd: t.float({
      nullable: true,
      description:
        'What one of its runs may cost before its reports of usage are refused, in millionths of a US dollar; null is anything.',
      select: { maxCostPerRunMicrousd: true },
      resolve: ({ maxCostPerRunMicrousd }) => numberOf(maxCostPerRunMicrousd),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** Budgets are bounded far below what a double counts exactly. */
function numberOf(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

/** A credential, without what would open anything. */
export const ApiKey = builder.prismaObject('ApiKey', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    name: t.exposeString('name'),
    prefix: t.exposeString('prefix'),
    scopes: t.field({
      type: [ScopeEnum],
      description: 'What it may be used for.',
      // A scope that a newer server has granted means nothing to this one.
      resolve: ({ scopes }) => SCOPES.filter((scope) => scopes.includes(scope)),
    }),
    role: t.field({
      type: RoleEnum,
      nullable: true,
      description: 'The role it was made with; null for one that was made from scopes.',
      resolve: ({ role }) => memberOrNull(ROLES, role),
    }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
    rotatedTo: t.exposeID('rotatedToId', { nullable: true }),
    graceEndsAt: t.expose('graceEndsAt', { type: 'DateTime', nullable: true }),
  }),
});

const NOTHING = new Uint8Array();

/** An API key as the domain answers it, for the type above. The domain keeps the hash to itself, and no field shows it. */
export function apiKeyNode(row: ApiKeyRow): typeof ApiKey.$inferType {
  return { ...row, scopes: [...row.scopes], hash: NOTHING };
}

/** A new API key with the key itself. */
export const ApiKeyCreated = builder.objectRef<CreatedApiKey>('ApiKeyCreated').implement({
  description: 'A new API key.',
  fields: (t) => ({
    apiKey: t.field({ type: ApiKey, description: 'What is kept of it.', resolve: ({ row }) => apiKeyNode(row) }),
    key: t.exposeString('key', { description: 'The key itself; nobody can read it again.' }),
  }),
});
