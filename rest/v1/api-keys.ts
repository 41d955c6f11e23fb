import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { toCamelKeys, wordInput, wordOutput } from '../names.ts';
import { projectParam } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const SCOPES = [
  '*',
  'instance:admin',
  'jobs:read',
  'jobs:write',
  'jobs:trigger',
  'runs:read',
  'runs:write',
  'workflows:read',
  'workflows:write',
  'workflows:trigger',
  'secrets:read',
  'secrets:write',
  'api-keys:manage',
  'rbac:manage',
  'stats:read',
] as const;

const ROLES = ['admin', 'operator', 'viewer', 'triggerer'] as const;

const fields = {
  id: z.string().describe('Names the key where it is listed and revoked; it opens nothing.'),
  project_id: z.string().describe('The project it opens.'),
  name: z.string().describe('What it is for.'),
  key_prefix: z.string().describe('The first characters of the key, to recognize it by.'),
  scopes: z.array(wordOutput(SCOPES)).describe('What it may do; `*` is everything inside its project.'),
  role: wordOutput(ROLES).nullable().describe('The role it was made with; null when it was made from scopes.'),
  created_by: z.string().describe('Who made it.'),
  created_at: dateTime.describe('When it was made.'),
  expires_at: dateTime.nullable().describe('From when on it is refused; null is never.'),
  revoked_at: dateTime.nullable().describe('Since when it is refused because it was revoked; null while it was not.'),
  rotated_to: z.string().nullable().describe('The key that took its place; null when it was not rotated.'),
  grace_ends_at: dateTime.nullable().describe('Until when it works beside that key.'),
};

const apiKeySchema = z.object(fields).meta({ id: 'ApiKey', description: 'An API key, without the key itself.' });

const { id, ...others } = fields;
const newApiKeySchema = z
  .object({ id, key: z.string().describe('The key itself. It is shown here and never again.'), ...others })
  .meta({ id: 'CreatedApiKey', description: 'A new API key.' });

const API_KEY = gql`fragment ApiKeyV1 on ApiKey {
  id project_id: projectId name key_prefix: prefix scopes role created_by: createdBy created_at: createdAt expires_at: expiresAt revoked_at: revokedAt
  rotated_to: rotatedTo grace_ends_at: graceEndsAt
}`;
type ApiKeyV1 = z.input<typeof apiKeySchema>;

const createBody = z
  .strictObject({
    project_id: z.string().nullish().describe('Project the key is for; that of the calling key when left out.'),
    name: z.string().max(255).regex(/\S/, 'must not be blank').describe('What the key is for, for people.'),
    scopes: z
      .array(wordInput(SCOPES))
      .min(1)
      .max(SCOPES.length)
      .nullish()
      .describe('What it may do, within what the calling key may do; left out: all that that key may, except `instance:admin`.'),
    role: wordInput(ROLES, 'must be admin, operator, viewer or triggerer')
      .nullish()
      .describe('A role instead of scopes: the key may do what the role may do today.'),
    expires_in_days: z.int().min(1).max(3_650).nullish().describe('After how many days it stops working; left out: never.'),
  })
  .meta({ id: 'NewApiKey', description: 'What an API key is made from.' });

const rotateBody = z
  .strictObject({
    grace_period_minutes: z
      .int()
      .min(0)
      .max(10_080)
      .nullish()
      .describe('For how many minutes the old key works beside the new one, up to a week; 60 when left out.'),
  })
  .meta({ id: 'RotateApiKey', description: 'How an API key is rotated.' })
  .optional();

const roleSchema = z
  .object({
    role: wordOutput(ROLES).describe('The role.'),
    scopes: z.array(wordOutput(SCOPES)).describe('What a key that is made with it today may do.'),
  })
  .meta({ id: 'Role', description: 'A name for scopes.' });

const params = z.strictObject({ id: z.string().describe('The id of the key, not the key.') });

/** `/v1/api-keys` and `/v1/roles`. */
export const apiKeyRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createApiKey',
    method: 'POST',
    path: '/v1/api-keys',
    tag: 'API keys',
    summary: 'Create an API key',
    description:
      'Creates a key that may do no more than the calling one, and answers it; only a hash of it is kept. Requires the scope `api-keys:manage`, and for another project `instance:admin`.',
    auth: 'key',
    body: createBody,
    document: gql`mutation createApiKey($input: CreateApiKeyInput!) {
      created: createApiKey(input: $input) { key apiKey { ...ApiKeyV1 } }
    } ${API_KEY}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: newApiKeySchema,
    project: ({ created }: { created: { key: string; apiKey: ApiKeyV1 } }) => ({ ...created.apiKey, key: created.key }),
    status: 201,
    errors: { NOT_FOUND: 'There is no such project, or the key cannot see it.' },
  }),
  defineRoute({
    operationId: 'listApiKeys',
    method: 'GET',
    path: '/v1/api-keys',
    tag: 'API keys',
    summary: 'List API keys',
    description:
      'Lists the keys of a project, newest first, revoked and expired ones included. Requires the scope `api-keys:manage`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam.describe(
        'The project; that of the calling key when left out. Another one requires `instance:admin`.',
      ),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listApiKeys($project: ID, $first: Int, $after: String) {
      apiKeys(projectId: $project, first: $first, after: $after) { edges { node { ...ApiKeyV1 } } pageInfo { hasNextPage endCursor } }
    } ${API_KEY}`,
    variables: ({ query, actorProjectId }) => ({
      project: query.project_id ?? actorProjectId,
      first: query.limit,
      after: query.cursor,
    }),
    response: z.array(apiKeySchema),
    project: ({ apiKeys }: { apiKeys: Page<ApiKeyV1> }) => rowsOf(apiKeys),
    nextCursor: ({ apiKeys }) => nextOf(apiKeys),
    errors: { NOT_FOUND: 'There is no such project, or the key cannot see it.' },
  }),
  defineRoute({
    operationId: 'rotateApiKey',
    method: 'POST',
    path: '/v1/api-keys/{id}/rotate',
    tag: 'API keys',
    summary: 'Rotate an API key',
    description:
      'Makes a key that takes the place of another: same name, scopes, role and time to live. The old key works beside it until the grace period ends. Requires the scope `api-keys:manage`, and every scope of the key.',
    auth: 'key',
    params,
    body: rotateBody,
    document: gql`mutation rotateApiKey($id: ID!, $input: RotateApiKeyInput) {
      created: rotateApiKey(id: $id, input: $input) { key apiKey { ...ApiKeyV1 } }
    } ${API_KEY}`,
    variables: ({ params, body = {} }) => ({ id: params.id, input: toCamelKeys(body) }),
    response: newApiKeySchema,
    project: ({ created }: { created: { key: string; apiKey: ApiKeyV1 } }) => ({ ...created.apiKey, key: created.key }),
    status: 201,
    errors: { CONFLICT: 'The key works no more, or was rotated before.' },
  }),
  defineRoute({
    operationId: 'listRoles',
    method: 'GET',
    path: '/v1/roles',
    tag: 'API keys',
    summary: 'List roles',
    description: 'Lists the roles that keys can be made with, and what each may do. Requires the scope `rbac:manage`.',
    auth: 'key',
    document: gql`query listRoles { roles { role scopes } }`,
    response: z.array(roleSchema),
    project: ({ roles }: { roles: z.input<typeof roleSchema>[] }) => roles,
  }),
  defineRoute({
    operationId: 'revokeApiKey',
    method: 'DELETE',
    path: '/v1/api-keys/{id}',
    tag: 'API keys',
    summary: 'Revoke an API key',
    description:
      'Revokes a key for good; every server refuses it within a second. Doing it again changes nothing. Requires the scope `api-keys:manage`.',
    auth: 'key',
    params,
    document: gql`mutation revokeApiKey($id: ID!) { revokeApiKey(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    response: z.object({ status: z.literal('revoked') }),
    project: () => ({ status: 'revoked' as const }),
  }),
];
