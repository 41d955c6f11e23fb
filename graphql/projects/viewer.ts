import type { KeyActor } from '../../src/auth/actor.ts';
import { builder } from '../builder.ts';
import { Project, ScopeEnum } from './type.ts';

/** Who presents the API key of the request. */
export const Viewer = builder.objectRef<KeyActor>('Viewer').implement({
  description: 'Who is calling.',
  fields: (t) => ({
    keyId: t.exposeID('keyId', { description: 'The API key that was presented.' }),
    projectId: t.exposeID('projectId', { description: 'The project the key opens.' }),
    scopes: t.field({ type: [ScopeEnum], description: 'What the key may be used for.', resolve: ({ scopes }) => [...scopes] }),
    project: t.prismaField({
      type: Project,
      description: 'The project the key opens.',
      resolve: (query, { projectId }, _args, { prisma }) =>
        prisma.project.findUniqueOrThrow({ ...query, where: { id: projectId } }),
    }),
  }),
});
