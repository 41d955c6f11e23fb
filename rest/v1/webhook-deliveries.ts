import { z } from 'zod';
import { wordInput } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { DELIVERY_EVENT_TYPES, DELIVERY_STATUSES } from './webhook-bodies.ts';
import { DELIVERY, type DeliveryV1, deliverySchema } from './webhook-schema.ts';

const params = z.strictObject({ id: z.string().describe('The delivery.') });

/** `/v1/webhooks/deliveries`. */
export const webhookDeliveryRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listWebhookDeliveries',
    method: 'GET',
    path: '/v1/webhooks/deliveries',
    tag: 'Webhooks',
    summary: 'List webhook deliveries',
    description: 'Lists the deliveries that meet every condition given, newest first. Requires the scope `runs:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      subscription_id: z.string().min(1).optional().describe('Only those of this subscription.'),
      run_id: z.string().min(1).optional().describe('Only those about this run.'),
      status: wordInput(DELIVERY_STATUSES, 'is invalid').optional().describe('Only those that stand so.'),
      event_type: wordInput(DELIVERY_EVENT_TYPES, 'is invalid').optional().describe('Only those about this.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listWebhookDeliveries($filter: WebhookDeliveryFilter!, $first: Int, $after: String) {
      deliveries: webhookDeliveries(filter: $filter, first: $first, after: $after) {
        edges { node { ...WebhookDeliveryV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${DELIVERY}`,
    variables: ({ query: { project_id, subscription_id, run_id, status, event_type, limit, cursor }, actorProjectId }) => {
      requireOwnProject(project_id, actorProjectId);
      const filter = { subscriptionId: subscription_id, runId: run_id, status: status && [status], eventType: event_type };
      return { filter, first: limit, after: cursor };
    },
    response: z.array(deliverySchema),
    project: ({ deliveries }: { deliveries: Page<DeliveryV1> }) => rowsOf(deliveries),
    nextCursor: ({ deliveries }) => nextOf(deliveries),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getWebhookDelivery',
    method: 'GET',
    path: '/v1/webhooks/deliveries/{id}',
    tag: 'Webhooks',
    summary: 'Get a webhook delivery',
    description: 'Answers a delivery as it stands. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    document: gql`query getWebhookDelivery($id: ID!) { delivery: webhookDelivery(id: $id) { ...WebhookDeliveryV1 } } ${DELIVERY}`,
    variables: ({ params }) => ({ id: params.id }),
    response: deliverySchema,
    project: ({ delivery }: { delivery: DeliveryV1 }) => delivery,
  }),
  defineRoute({
    operationId: 'retryWebhookDelivery',
    method: 'POST',
    path: '/v1/webhooks/deliveries/{id}/retry',
    tag: 'Webhooks',
    summary: 'Retry a webhook delivery',
    description:
      'Sends a failed or dead delivery at once, as the same message, and begins its attempts anew. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation retryWebhookDelivery($id: ID!) {
      delivery: retryWebhookDelivery(id: $id) { ...WebhookDeliveryV1 }
    } ${DELIVERY}`,
    variables: ({ params }) => ({ id: params.id }),
    response: deliverySchema,
    project: ({ delivery }: { delivery: DeliveryV1 }) => delivery,
    errors: { CONFLICT: 'The delivery is neither failed nor dead, or is being sent at this moment.' },
  }),
  defineRoute({
    operationId: 'replayWebhookDelivery',
    method: 'POST',
    path: '/v1/webhooks/deliveries/{id}/replay',
    tag: 'Webhooks',
    summary: 'Replay a webhook delivery',
    description: 'Sends what a delivery said again, as a new delivery that names the old one. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation replayWebhookDelivery($id: ID!) {
      delivery: replayWebhookDelivery(id: $id) { ...WebhookDeliveryV1 }
    } ${DELIVERY}`,
    variables: ({ params }) => ({ id: params.id }),
    response: deliverySchema,
    project: ({ delivery }: { delivery: DeliveryV1 }) => delivery,
    status: 201,
    errors: { CONFLICT: 'Its webhook is switched off or removed, or the wait it tells of is over.' },
  }),
];
