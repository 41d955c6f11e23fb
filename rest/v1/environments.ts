import { z } from 'zod';
import { VariableMap } from '../../src/core/header-text.ts';
import { key, Slug, text } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { toCamelKeys } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const texts = z.record(z.string(), z.string());

const environmentSchema = z
  .object({
    id: z.string().describe('The environment.'),
    project_id: z.string().describe('The project it belongs to.'),
    slug: z.string().describe('Its name in URLs and code, unique in its project.'),
    name: z.string().describe('What people call it.'),
    parent_id: z.string().nullable().describe('The environment it takes from what it does not say itself; null is none.'),
    variables: texts.describe('Its own variables.'),
    resolved_variables: texts.describe('Its own variables and those it takes from others: what its jobs run with.'),
    created_by: z.string().describe('Who made it.'),
    created_at: dateTime.describe('When it was made.'),
    updated_at: dateTime.describe('When it last changed.'),
  })
  .meta({ id: 'Environment', description: 'A named set of variables and secrets that jobs run with.' });

const ENVIRONMENT = gql`fragment EnvironmentV1 on Environment {
  id project_id: projectId slug name parent_id: parentId variables resolved_variables: resolvedVariables
  created_by: createdBy created_at: createdAt updated_at: updatedAt
}`;
type EnvironmentV1 = z.input<typeof environmentSchema>;

const fields = {
  name: text(255).regex(/\S/, 'must not be blank').describe('Name of the environment, for people.'),
  parent_id: key(128).nullish().describe('Environment it takes from what it does not say itself, by id or slug; null is none.'),
  variables: VariableMap.describe(
    'Texts by names of A-Z, 0-9 and _, at most 100. Executors get them as `X-Variable-<NAME>`; `ENDPOINT_URL` takes the place of the endpoint of every job in the environment.',
  ),
};

const newEnvironmentBody = z
  .strictObject({
    project_id: z.string().nullish().describe('Project of the environment; only ever the project of the API key.'),
    slug: Slug.describe('What it is called in URLs and code, for example `production`; unique in the project.'),
    name: fields.name.nullish().describe('Name of the environment, for people; its slug when left out.'),
    parent_id: fields.parent_id,
    variables: fields.variables.nullish().describe(fields.variables.description ?? ''),
  })
  .meta({ id: 'NewEnvironment', description: 'What an environment is made from.' });

const environmentChangesBody = z
  .strictObject({
    name: fields.name.optional().describe(fields.name.description ?? ''),
    parent_id: fields.parent_id,
    variables: fields.variables.optional().describe('All of its own variables: those that are not named are gone.'),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'must change at least one field')
  .meta({ id: 'EnvironmentChanges', description: 'What to change in an environment; what is left out stays.' });

const params = z.strictObject({ id: z.string().describe('Id or slug of the environment.') });

/** `/v1/environments`. */
export const environmentRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createEnvironment',
    method: 'POST',
    path: '/v1/environments',
    tag: 'Environments',
    summary: 'Create an environment',
    description: 'Creates an environment for jobs to run in. Requires the scope `secrets:write`.',
    auth: 'key',
    body: newEnvironmentBody,
    document: gql`mutation createEnvironment($input: CreateEnvironmentInput!) {
      environment: createEnvironment(input: $input) { ...EnvironmentV1 }
    } ${ENVIRONMENT}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: environmentSchema,
    project: ({ environment }: { environment: EnvironmentV1 }) => environment,
    status: 201,
    errors: {
      BAD_REQUEST: 'The parent or the endpoint is refused, or there are too many.',
      NOT_FOUND: 'The project is not that of the key.',
      CONFLICT: 'The slug is taken.',
    },
  }),
  defineRoute({
    operationId: 'listEnvironments',
    method: 'GET',
    path: '/v1/environments',
    tag: 'Environments',
    summary: 'List environments',
    description: 'Lists the environments of the project, newest first. Requires the scope `secrets:read`.',
    auth: 'key',
    query: z.strictObject({ project_id: projectParam, limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listEnvironments($first: Int, $after: String) {
      environments(first: $first, after: $after) { edges { node { ...EnvironmentV1 } } pageInfo { hasNextPage endCursor } }
    } ${ENVIRONMENT}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { first: query.limit, after: query.cursor };
    },
    response: z.array(environmentSchema),
    project: ({ environments }: { environments: Page<EnvironmentV1> }) => rowsOf(environments),
    nextCursor: ({ environments }) => nextOf(environments),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getEnvironment',
    method: 'GET',
    path: '/v1/environments/{id}',
    tag: 'Environments',
    summary: 'Get an environment',
    description: 'Answers an environment as it is now. Requires the scope `secrets:read`.',
    auth: 'key',
    params,
    document: gql`query getEnvironment($id: ID!) { environment(id: $id) { ...EnvironmentV1 } } ${ENVIRONMENT}`,
    variables: ({ params }) => ({ id: params.id }),
    response: environmentSchema,
    project: ({ environment }: { environment: EnvironmentV1 }) => environment,
  }),
  defineRoute({
    operationId: 'updateEnvironment',
    method: 'PATCH',
    path: '/v1/environments/{id}',
    tag: 'Environments',
    summary: 'Change an environment',
    description:
      'Changes an environment, for runs dispatched from now on; what the body leaves out stays. Requires the scope `secrets:write`.',
    auth: 'key',
    params,
    body: environmentChangesBody,
    document: gql`mutation updateEnvironment($id: ID!, $input: UpdateEnvironmentInput!) {
      environment: updateEnvironment(id: $id, input: $input) { ...EnvironmentV1 }
    } ${ENVIRONMENT}`,
    variables: ({ params, body }) => ({ id: params.id, input: toCamelKeys(body) }),
    response: environmentSchema,
    project: ({ environment }: { environment: EnvironmentV1 }) => environment,
    errors: { BAD_REQUEST: 'The parent or the endpoint is refused.' },
  }),
  defineRoute({
    operationId: 'deleteEnvironment',
    method: 'DELETE',
    path: '/v1/environments/{id}',
    tag: 'Environments',
    summary: 'Delete an environment',
    description: 'Deletes an environment with its secrets. Requires the scope `secrets:write`.',
    auth: 'key',
    params,
    document: gql`mutation deleteEnvironment($id: ID!) { deleteEnvironment(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
    errors: { CONFLICT: 'A job runs in it, or another environment takes from it.' },
  }),
];
