import { requireOwnProject } from '../../src/domain/projects/own-project.ts';
import { deleteSavedView, saveView } from '../../src/domain/views/save-view.ts';
import { MAX_VIEWS, SaveViewInput } from '../../src/domain/views/saved-view.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';

const SavedView = builder.prismaObject('SavedView', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    name: t.exposeString('name'),
    screen: t.exposeString('screen'),
    query: t.exposeString('query'),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

const described = describedBy(SaveViewInput);
const SaveView = builder
  .inputType('SaveViewInput', {
    description: 'A view to be kept for everybody in the project.',
    fields: (t) => ({
      projectId: t.id(described.projectId),
      name: t.string({ required: true, ...described.name }),
      screen: t.string({ required: true, ...described.screen }),
      query: t.string({ required: true, ...described.query }),
    }),
  })
  .validate(leavingOutNulls(SaveViewInput));

builder.queryField('savedViews', (t) =>
  t.prismaField({
    type: [SavedView],
    description: 'The views that are kept in the project, by screen and name; at most 100. Requires `runs:read`.',
    args: {
      projectId: t.arg.id({ description: 'The project; NOT_FOUND for another than the key’s own, which it is when left out.' }),
      screen: t.arg.string({ description: 'Only those of this screen.' }),
    },
    authScopes: { scope: 'runs:read' },
    resolve: (query, _root, { projectId, screen }, { actor, prisma }) => {
      requireOwnProject(actor, projectId);
      return prisma.savedView.findMany({
        ...query,
        where: { projectId: actor.projectId, ...(screen != null && { screen }) },
        orderBy: [{ screen: 'asc' }, { name: 'asc' }],
        take: MAX_VIEWS,
      });
    },
  }),
);

builder.mutationFields((t) => ({
  saveView: t.field({
    type: SavedView,
    description:
      'Keeps a view for everybody in the project, in place of the one with its name on its screen; CONFLICT beyond 100. Requires `runs:write`.',
    args: { input: t.arg({ type: SaveView, required: true, description: 'The view.' }) },
    authScopes: { scope: 'runs:write' },
    resolve: (_root, { input }, { actor, runs }) => saveView(actor, input, runs),
  }),
  deleteSavedView: t.field({
    type: SavedView,
    description: 'Deletes a view, and answers it. Requires `runs:write`.',
    args: { id: t.arg.id({ required: true, description: 'The view.' }) },
    authScopes: { scope: 'runs:write' },
    resolve: (_root, { id }, { actor, runs }) => deleteSavedView(actor, id, runs),
  }),
}));
