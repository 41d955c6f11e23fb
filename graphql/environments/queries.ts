import { notFound } from '../../src/core/errors.ts';
import { visibleEnvironment, visibleEnvironments } from '../../src/domain/environments/visible-environments.ts';
import { SecretFilterInput } from '../../src/domain/secrets/secret.ts';
import { visibleSecret, visibleSecrets } from '../../src/domain/secrets/visible-secrets.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { Environment, Secret } from './type.ts';

const described = describedBy(SecretFilterInput);
const SecretFilter = builder
  .inputType('SecretFilter', {
    description: 'Which secrets are meant; all conditions must hold.',
    fields: (t) => ({
      environmentId: t.id(described.environmentId),
      jobId: t.id(described.jobId),
      key: t.string(described.key),
    }),
  })
  .validate(leavingOutNulls(SecretFilterInput));

builder.queryFields((t) => {
  const authScopes = { scope: 'secrets:read' } as const;
  return {
    environment: t.prismaField({
      type: Environment,
      description: 'One environment; NOT_FOUND when there is none. Requires `secrets:read`.',
      args: { id: t.arg.id({ required: true, description: 'Id or slug of the environment.' }) },
      authScopes,
      resolve: async (query, _root, { id }, { actor, prisma }) => {
        const found = await prisma.environment.findFirst({ ...query, where: visibleEnvironment(actor, id) });
        if (!found) throw notFound('environment');
        return found;
      },
    }),
    environments: t.connection(
      {
        type: Environment,
        description: 'The environments of the project, newest first. Requires `secrets:read`.',
        authScopes,
        resolve: async (_root, page, context, info) => {
          const slice = sliceOf(page, NEWEST_FIRST);
          const rows = await context.prisma.environment.findMany({
            ...rowSelection(context, info),
            ...slice.within(visibleEnvironments(context.actor)),
          });
          return pageOf(rows, slice);
        },
      },
      { name: 'EnvironmentConnection', description: 'A page of environments.' },
      { name: 'EnvironmentEdge', description: 'An environment on a page.' },
    ),
    secret: t.prismaField({
      type: Secret,
      description: 'One secret, without its value; NOT_FOUND when there is none. Requires `secrets:read`.',
      args: { id: t.arg.id({ required: true, description: 'The secret.' }) },
      authScopes,
      resolve: async (query, _root, { id }, { actor, prisma }) => {
        const found = await prisma.secret.findFirst({ ...query, where: visibleSecret(actor, id) });
        if (!found) throw notFound('secret');
        return found;
      },
    }),
    secrets: t.connection(
      {
        type: Secret,
        description: 'The secrets of the project without their values, newest first. Requires `secrets:read`.',
        args: { filter: t.arg({ type: SecretFilter, description: 'Which; all of them when left out.' }) },
        authScopes,
        resolve: async (_root, { filter, ...page }, context, info) => {
          const slice = sliceOf(page, NEWEST_FIRST);
          const rows = await context.prisma.secret.findMany({
            ...rowSelection(context, info),
            ...slice.within(visibleSecrets(context.actor, filter ?? {})),
          });
          return pageOf(rows, slice);
        },
      },
      { name: 'SecretConnection', description: 'A page of secrets.' },
      { name: 'SecretEdge', description: 'A secret on a page.' },
    ),
  };
});
