import { z } from 'zod';
import { text } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { toCamelKeys } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

/** A million dollars: more is taken for a mistake. */
const MAX_MICROUSD = 1_000_000_000_000;

const priceSchema = z
  .object({
    id: z.string().describe('The price.'),
    project_id: z.string().describe('The project it belongs to.'),
    provider: z.string().describe('Who runs the model, as usage reports name it.'),
    model: z.string().describe('The model, as usage reports name it.'),
    prompt_microusd: z.int().describe('A million tokens that go in, in millionths of a US dollar.'),
    completion_microusd: z.int().describe('A million tokens that come out, in millionths of a US dollar.'),
    created_by: z.string().describe('Who set it.'),
    updated_at: dateTime.describe('When it was set.'),
  })
  .meta({ id: 'ModelPrice', description: 'What calls of a language model cost when their reports do not say it.' });

const PRICE = gql`fragment ModelPriceV1 on ModelPrice {
  id project_id: projectId provider model prompt_microusd: promptMicrousd completion_microusd: completionMicrousd created_by: createdBy
  updated_at: updatedAt
}`;
type PriceV1 = z.input<typeof priceSchema>;

const priceBody = z
  .strictObject({
    project_id: z.string().nullish().describe('Project of the price; only ever the project of the API key.'),
    provider: text(128).min(1).describe('Who runs the model, exactly as usage reports name it.'),
    model: text(256).min(1).describe('The model, exactly as usage reports name it.'),
    prompt_microusd: z
      .int()
      .min(0)
      .max(MAX_MICROUSD)
      .describe('A million tokens that go in, in millionths of a US dollar: 3 dollars are 3000000.'),
    completion_microusd: z
      .int()
      .min(0)
      .max(MAX_MICROUSD)
      .describe('A million tokens that come out, in millionths of a US dollar.'),
  })
  .meta({ id: 'NewModelPrice', description: 'What calls of a language model cost.' });

/** `/v1/pricing`. */
export const pricingRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'setModelPrice',
    method: 'POST',
    path: '/v1/pricing',
    tag: 'Pricing',
    summary: 'Set the price of a model',
    description:
      'Says what calls of a model cost, for usage reports from now on that come without `cost_microusd`; takes the place of the price before. Requires the scope `jobs:write`.',
    auth: 'key',
    body: priceBody,
    document: gql`mutation setModelPrice($input: SetModelPriceInput!) { price: setModelPrice(input: $input) { ...ModelPriceV1 } } ${PRICE}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: priceSchema,
    project: ({ price }: { price: PriceV1 }) => price,
    errors: { BAD_REQUEST: 'There are too many prices.', NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'listModelPrices',
    method: 'GET',
    path: '/v1/pricing',
    tag: 'Pricing',
    summary: 'List the prices of models',
    description:
      'Lists what calls of models cost in the project; nothing until somebody sets it. Requires the scope `jobs:read`.',
    auth: 'key',
    query: z.strictObject({ project_id: projectParam, limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listModelPrices($first: Int, $after: String) {
      modelPrices(first: $first, after: $after) { edges { node { ...ModelPriceV1 } } pageInfo { hasNextPage endCursor } }
    } ${PRICE}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { first: query.limit, after: query.cursor };
    },
    response: z.array(priceSchema),
    project: ({ modelPrices }: { modelPrices: Page<PriceV1> }) => rowsOf(modelPrices),
    nextCursor: ({ modelPrices }) => nextOf(modelPrices),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'deleteModelPrice',
    method: 'DELETE',
    path: '/v1/pricing/{id}',
    tag: 'Pricing',
    summary: 'Delete the price of a model',
    description:
      'Deletes a price: calls of its model cost nothing from now on unless their reports say so. Requires the scope `jobs:write`.',
    auth: 'key',
    params: z.strictObject({ id: z.string().describe('The price.') }),
    document: gql`mutation deleteModelPrice($id: ID!) { deleteModelPrice(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
  }),
];
