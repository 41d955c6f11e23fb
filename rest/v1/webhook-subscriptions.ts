import { z } from 'zod';
import { toCamelKeys } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { newSubscriptionBody, subscriptionChangesBody } from './webhook-bodies.ts';
import {
  DELIVERY,
  type DeliveryV1,
  deliverySchema,
  newSubscriptionSchema,
  SUBSCRIPTION,
  type SubscriptionV1,
  subscriptionSchema,
} from './webhook-schema.ts';

const params = z.strictObject({ id: z.string().describe('The subscription.') });
const BAD_URL = 'A field is invalid, or the URL is not one that may be called; `details` names the fields.';

/** `/v1/webhooks/subscriptions`. */
export const webhookSubscriptionRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createWebhookSubscription',
    method: 'POST',
    path: '/v1/webhooks/subscriptions',
    tag: 'Webhooks',
    summary: 'Create a webhook subscription',
    description:
      'Subscribes a URL to endings in the project. Every delivery is signed by Standard Webhooks, and with `X-Baton-Signature: sha256=…` over `{X-Baton-Timestamp}.{body}` as well. Requires the scope `jobs:write`.',
    auth: 'key',
    body: newSubscriptionBody,
    document: gql`mutation createWebhookSubscription($input: CreateWebhookSubscriptionInput!) {
      created: createWebhookSubscription(input: $input) { secret subscription { ...WebhookSubscriptionV1 } }
    } ${SUBSCRIPTION}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: newSubscriptionSchema,
    project: ({ created }: { created: { secret: string | null; subscription: SubscriptionV1 } }) => ({
      ...created.subscription,
      secret: created.secret,
    }),
    status: 201,
    errors: {
      BAD_REQUEST: BAD_URL,
      NOT_FOUND: 'The project is not that of the key.',
      CONFLICT: 'The project has as many subscriptions as it may.',
    },
  }),
  defineRoute({
    operationId: 'listWebhookSubscriptions',
    method: 'GET',
    path: '/v1/webhooks/subscriptions',
    tag: 'Webhooks',
    summary: 'List webhook subscriptions',
    description: 'Lists the webhook subscriptions of the project, newest first. Requires the scope `jobs:read`.',
    auth: 'key',
    query: z.strictObject({ project_id: projectParam, limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listWebhookSubscriptions($first: Int, $after: String) {
      subscriptions: webhookSubscriptions(first: $first, after: $after) {
        edges { node { ...WebhookSubscriptionV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${SUBSCRIPTION}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { first: query.limit, after: query.cursor };
    },
    response: z.array(subscriptionSchema),
    project: ({ subscriptions }: { subscriptions: Page<SubscriptionV1> }) => rowsOf(subscriptions),
    nextCursor: ({ subscriptions }) => nextOf(subscriptions),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getWebhookSubscription',
    method: 'GET',
    path: '/v1/webhooks/subscriptions/{id}',
    tag: 'Webhooks',
    summary: 'Get a webhook subscription',
    description: 'Answers a subscription, without its secret. Requires the scope `jobs:read`.',
    auth: 'key',
    params,
    document: gql`query getWebhookSubscription($id: ID!) {
      subscription: webhookSubscription(id: $id) { ...WebhookSubscriptionV1 }
    } ${SUBSCRIPTION}`,
    variables: ({ params }) => ({ id: params.id }),
    response: subscriptionSchema,
    project: ({ subscription }: { subscription: SubscriptionV1 }) => subscription,
  }),
  defineRoute({
    operationId: 'updateWebhookSubscription',
    method: 'PATCH',
    path: '/v1/webhooks/subscriptions/{id}',
    tag: 'Webhooks',
    summary: 'Change a webhook subscription',
    description:
      'Changes a subscription; what the body leaves out stays. What is still to be sent goes where it points now, signed with what it says now. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    body: subscriptionChangesBody,
    document: gql`mutation updateWebhookSubscription($id: ID!, $input: UpdateWebhookSubscriptionInput!) {
      subscription: updateWebhookSubscription(id: $id, input: $input) { ...WebhookSubscriptionV1 }
    } ${SUBSCRIPTION}`,
    variables: ({ params, body }) => ({ id: params.id, input: toCamelKeys(body) }),
    response: subscriptionSchema,
    project: ({ subscription }: { subscription: SubscriptionV1 }) => subscription,
    errors: { BAD_REQUEST: BAD_URL },
  }),
  defineRoute({
    operationId: 'deleteWebhookSubscription',
    method: 'DELETE',
    path: '/v1/webhooks/subscriptions/{id}',
    tag: 'Webhooks',
    summary: 'Delete a webhook subscription',
    description:
      'Deletes a subscription; what is still to be sent is dropped, what was sent stays in the list of deliveries. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    document: gql`mutation deleteWebhookSubscription($id: ID!) { deleteWebhookSubscription(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
  }),
  defineRoute({
    operationId: 'testWebhookSubscription',
    method: 'POST',
    path: '/v1/webhooks/subscriptions/{id}/test',
    tag: 'Webhooks',
    summary: 'Test a webhook subscription',
    description:
      'Sends a delivery of the type `webhook.test`, once, and answers it before it is sent: get it to see what became of it. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    document: gql`mutation testWebhookSubscription($id: ID!) {
      delivery: testWebhookSubscription(id: $id) { ...WebhookDeliveryV1 }
    } ${DELIVERY}`,
    variables: ({ params }) => ({ id: params.id }),
    response: deliverySchema,
    project: ({ delivery }: { delivery: DeliveryV1 }) => delivery,
    status: 202,
    errors: { CONFLICT: 'The subscription is not active.' },
  }),
];
