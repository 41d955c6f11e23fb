import { ROLES, SCOPES_OF_ROLE } from '../../src/auth/roles.ts';
import { AppError, notFound } from '../../src/core/errors.ts';
import { requireVisibleProject, visibleProjects } from '../../src/domain/projects/get-project.ts';
import { isProjectId } from '../../src/domain/projects/project.ts';
import { visibleApiKeys } from '../../src/domain/projects/visible-api-keys.ts';
import { builder } from '../builder.ts';
import { type ListKey, NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { rowSelection } from '../selection.ts';
import { ApiKey, Project, RoleDescription } from './type.ts';
import { Viewer } from './viewer.ts';

builder.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    description: 'Who is calling. Requires an API key.',
    authScopes: { apiKey: true },
    resolve: (_root, _args, { actor }) => {
      if (actor.kind !== 'key') throw new AppError('FORBIDDEN', 'insufficient permissions: requires an API key');
      return actor;
    },
  }),
  project: t.prismaField({
    type: Project,
    description:
      'One project: the caller’s own, or any for a holder of `instance:admin`; NOT_FOUND for others. Requires an API key.',
    args: { id: t.arg.id({ required: true, description: 'The project.' }) },
    authScopes: { apiKey: true },
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      requireVisibleProject(actor, id);
      const project = await prisma.project.findUnique({ ...query, where: { id } });
      if (!project) throw notFound('project');
      return project;
    },
  }),
  projects: t.connection(
    {
      type: Project,
      description:
        'The projects the caller can see, by id: its own, or all of them for a holder of `instance:admin`. Requires an API key.',
      authScopes: { apiKey: true },
      resolve: async (_root, args, context, info) => {
        const slice = sliceOf(args, BY_SLUG);
        const rows = await context.prisma.project.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleProjects(context.actor)),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'ProjectConnection', description: 'A page of projects.' },
    { name: 'ProjectEdge', description: 'A project on a page.' },
  ),
  roles: t.field({
    type: [RoleDescription],
    description: 'The roles that an API key can be made with. Requires `rbac:manage`.',
    authScopes: { scope: 'rbac:manage' },
    resolve: () => ROLES.map((role) => ({ role, scopes: SCOPES_OF_ROLE[role] })),
  }),
  apiKeys: t.connection(
    {
      type: ApiKey,
      description:
        'The API keys of the project, newest first, revoked and expired ones included; for a holder of `instance:admin` those of all projects. Requires `api-keys:manage`.',
      args: { projectId: t.arg.id({ description: 'Only keys of this project; NOT_FOUND when the caller cannot see it.' }) },
      authScopes: { scope: 'api-keys:manage' },
      resolve: async (_root, { projectId, ...page }, context, info) => {
        const visible = visibleApiKeys(context.actor);
        if (projectId != null) requireVisibleProject(context.actor, projectId);
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.apiKey.findMany({
          ...rowSelection(context, info),
          ...slice.within(projectId == null ? visible : { projectId }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'ApiKeyConnection', description: 'A page of API keys.' },
    { name: 'ApiKeyEdge', description: 'An API key on a page.' },
  ),
}));

const BY_SLUG: ListKey<'id', string> = { field: 'id', order: 'asc', read: (cursor) => (isProjectId(cursor) ? cursor : null) };
