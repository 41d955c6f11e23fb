import { resolvedVariables } from '../../src/domain/environments/visible-environments.ts';
import { builder } from '../builder.ts';
import { Job } from '../jobs/type.ts';

const secretsRead = { scope: 'secrets:read' } as const;

/** A named set of variables and secrets that jobs run with. */
export const Environment = builder.prismaObject('Environment', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    slug: t.exposeString('slug'),
    name: t.exposeString('name'),
    parentId: t.exposeID('parentId', { nullable: true }),
    variables: t.expose('variables', { type: 'StringMap' }),
    resolvedVariables: t.field({
      type: 'StringMap',
      description: 'Its own variables and those it takes from others: what its jobs run with.',
      complexity: 5,
      select: { id: true },
      resolve: ({ id }, _args, { actor, environments }) => resolvedVariables(actor, id, environments),
    }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

builder.prismaObjectField(Environment, 'parent', (t) =>
  t.relation('parent', {
    type: Environment,
    nullable: true,
    description: 'The environment it takes from what it does not say itself. Requires `secrets:read`.',
    authScopes: secretsRead,
  }),
);

builder.prismaObjectField(Job, 'environment', (t) =>
  t.relation('environment', {
    type: Environment,
    nullable: true,
    description: 'The environment its runs get their variables and secrets from. Requires `secrets:read`.',
    authScopes: secretsRead,
  }),
);

/** A value that dispatches carry, without the value. */
export const Secret = builder.prismaObject('Secret', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    environmentId: t.exposeID('environmentId', { nullable: true }),
    jobId: t.exposeID('jobId', { nullable: true }),
    key: t.exposeString('key'),
    prefix: t.exposeString('prefix'),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});
