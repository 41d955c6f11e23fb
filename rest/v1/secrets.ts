import { z } from 'zod';
import { headerText, VariableName } from '../../src/core/header-text.ts';
import { key } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { toCamelKeys } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const secretSchema = z
  .object({
    id: z.string().describe('The secret.'),
    project_id: z.string().describe('The project it belongs to.'),
    environment_id: z.string().nullable().describe('The environment whose runs get it; null is all of them.'),
    job_id: z.string().nullable().describe('The job whose runs get it; null is all of them.'),
    key: z.string().describe('What the header is called after `X-Secret-`.'),
    prefix: z.string().describe('The first characters of a long value, to recognize it by; empty for a short one.'),
    created_by: z.string().describe('Who made it.'),
    created_at: dateTime.describe('When it was made.'),
    updated_at: dateTime.describe('When it got its present value.'),
  })
  .meta({ id: 'Secret', description: 'A value that dispatches carry as a header, without the value: nobody can read it again.' });

const SECRET = gql`fragment SecretV1 on Secret {
  id project_id: projectId environment_id: environmentId job_id: jobId key prefix created_by: createdBy created_at: createdAt
  updated_at: updatedAt
}`;
type SecretV1 = z.input<typeof secretSchema>;

const value = headerText(4_096).describe('The value: printable ASCII of at most 4,096 characters. It cannot be read again.');

const newSecretBody = z
  .strictObject({
    project_id: z.string().nullish().describe('Project of the secret; only ever the project of the API key.'),
    environment_id: key(128)
      .nullish()
      .describe('Environment whose runs get it, by id or slug; left out: all of them, and jobs in no environment.'),
    job_id: key(128).nullish().describe('Job whose runs get it, by id or slug; left out: all jobs.'),
    key: VariableName.describe('What the header is called after `X-Secret-`: A-Z, 0-9 and _.'),
    value,
  })
  .meta({ id: 'NewSecret', description: 'What a secret is made from.' });

const rotateSecretBody = z
  .strictObject({ value })
  .meta({ id: 'RotateSecret', description: 'What takes the place of the value of a secret.' });

const params = z.strictObject({ id: z.string().describe('The secret.') });

/** `/v1/secrets`. */
export const secretRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createSecret',
    method: 'POST',
    path: '/v1/secrets',
    tag: 'Environments',
    summary: 'Create a secret',
    description:
      'Stores a secret, encrypted; dispatches carry it as `X-Secret-<KEY>`. Of several with one key a run gets that of its job, then that of the nearest environment. Requires the scope `secrets:write`.',
    auth: 'key',
    body: newSecretBody,
    document: gql`mutation createSecret($input: CreateSecretInput!) { secret: createSecret(input: $input) { ...SecretV1 } } ${SECRET}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: secretSchema,
    project: ({ secret }: { secret: SecretV1 }) => secret,
    status: 201,
    errors: {
      BAD_REQUEST: 'There is no such environment or job, or there are too many secrets.',
      NOT_FOUND: 'The project is not that of the key.',
      CONFLICT: 'There is one with this key for the same environment and job.',
    },
  }),
  defineRoute({
    operationId: 'listSecrets',
    method: 'GET',
    path: '/v1/secrets',
    tag: 'Environments',
    summary: 'List secrets',
    description: 'Lists the secrets of the project without their values, newest first. Requires the scope `secrets:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      environment_id: key(128).optional().describe('Only those of this environment, by id or slug.'),
      job_id: key(128).optional().describe('Only those of this job, by id or slug.'),
      key: VariableName.optional().describe('Only those with this key.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listSecrets($filter: SecretFilter, $first: Int, $after: String) {
      secrets(filter: $filter, first: $first, after: $after) { edges { node { ...SecretV1 } } pageInfo { hasNextPage endCursor } }
    } ${SECRET}`,
    variables: ({ query: { project_id, limit, cursor, ...filter }, actorProjectId }) => {
      requireOwnProject(project_id, actorProjectId);
      return { filter: toCamelKeys(filter), first: limit, after: cursor };
    },
    response: z.array(secretSchema),
    project: ({ secrets }: { secrets: Page<SecretV1> }) => rowsOf(secrets),
    nextCursor: ({ secrets }) => nextOf(secrets),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getSecret',
    method: 'GET',
    path: '/v1/secrets/{id}',
    tag: 'Environments',
    summary: 'Get a secret',
    description: 'Answers what there is to see of a secret. Requires the scope `secrets:read`.',
    auth: 'key',
    params,
    document: gql`query getSecret($id: ID!) { secret(id: $id) { ...SecretV1 } } ${SECRET}`,
    variables: ({ params }) => ({ id: params.id }),
    response: secretSchema,
    project: ({ secret }: { secret: SecretV1 }) => secret,
  }),
  defineRoute({
    operationId: 'rotateSecret',
    method: 'POST',
    path: '/v1/secrets/{id}/rotate',
    tag: 'Environments',
    summary: 'Rotate a secret',
    description: 'Gives a secret a new value, for runs dispatched from now on. Requires the scope `secrets:write`.',
    auth: 'key',
    params,
    body: rotateSecretBody,
    document: gql`mutation rotateSecret($id: ID!, $input: RotateSecretInput!) {
      secret: rotateSecret(id: $id, input: $input) { ...SecretV1 }
    } ${SECRET}`,
    variables: ({ params, body }) => ({ id: params.id, input: body }),
    response: secretSchema,
    project: ({ secret }: { secret: SecretV1 }) => secret,
  }),
  defineRoute({
    operationId: 'deleteSecret',
    method: 'DELETE',
    path: '/v1/secrets/{id}',
    tag: 'Environments',
    summary: 'Delete a secret',
    description: 'Deletes a secret for good. Requires the scope `secrets:write`.',
    auth: 'key',
    params,
    document: gql`mutation deleteSecret($id: ID!) { deleteSecret(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
  }),
];
