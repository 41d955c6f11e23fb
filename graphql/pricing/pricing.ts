import { SetModelPriceInput } from '../../src/domain/pricing/model-price.ts';
import { deleteModelPrice, setModelPrice } from '../../src/domain/pricing/set-model-price.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy } from '../input.ts';
import { rowSelection } from '../selection.ts';

const ModelPrice = builder.prismaObject('ModelPrice', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    provider: t.exposeString('provider'),
    model: t.exposeString('model'),
    promptMicrousd: t.float({
      description: 'A million tokens that go in, in millionths of a US dollar.',
      select: { promptMicrousd: true },
      resolve: ({ promptMicrousd }) => Number(promptMicrousd),
    }),
    completionMicrousd: t.float({
      description: 'A million tokens that come out, in millionths of a US dollar.',
      select: { completionMicrousd: true },
      resolve: ({ completionMicrousd }) => Number(completionMicrousd),
    }),
    createdBy: t.exposeString('createdBy'),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

const set = describedBy(SetModelPriceInput);
const SetModelPrice = builder
  .inputType('SetModelPriceInput', {
    description: 'What calls of a model cost.',
    fields: (t) => ({
      projectId: t.id(set.projectId),
      provider: t.string({ required: true, ...set.provider }),
      model: t.string({ required: true, ...set.model }),
      promptMicrousd: t.float({ required: true, ...set.promptMicrousd }),
      completionMicrousd: t.float({ required: true, ...set.completionMicrousd }),
    }),
  })
  .validate(SetModelPriceInput);

builder.queryFields((t) => ({
  modelPrices: t.connection(
    {
      type: ModelPrice,
      description:
        'What calls of models cost when their reports do not say it, the prices set first last; none until somebody sets some. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
      resolve: async (_root, page, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.modelPrice.findMany({
          ...rowSelection(context, info),
          ...slice.within({ projectId: context.actor.projectId }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'ModelPriceConnection', description: 'A page of prices.' },
    { name: 'ModelPriceEdge', description: 'A price on a page.' },
  ),
}));

builder.mutationFields((t) => ({
  setModelPrice: t.field({
    type: ModelPrice,
    description:
      'Says what calls of a model cost, for reports from now on that do not say it themselves; takes the place of the price before. Requires `jobs:write`.',
    args: { input: t.arg({ type: SetModelPrice, required: true, description: 'The price.' }) },
    authScopes: { scope: 'jobs:write' },
    resolve: (_root, { input }, { actor, runs }) => setModelPrice(actor, input, runs),
  }),
  deleteModelPrice: t.field({
    type: ModelPrice,
    description:
      'Deletes a price: calls of its model cost nothing from now on unless their reports say so. Requires `jobs:write`.',
    args: { id: t.arg.id({ required: true, description: 'The price.' }) },
    authScopes: { scope: 'jobs:write' },
    resolve: (_root, { id }, { actor, runs }) => deleteModelPrice(actor, id, runs),
  }),
}));
