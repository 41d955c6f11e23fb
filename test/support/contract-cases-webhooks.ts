import type { ContractCase } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

const subscription = documentedShape('WebhookSubscription');
const delivery = documentedShape('WebhookDelivery');

/** A subscription that nobody receives: it is to be looked at, not to be sent to. */
const wanted = () => ({ webhook_url: 'http://127.0.0.1:9/hook', event_types: ['workflow.completed', 'workflow.failed'] });

async function subscribed(world: RestWorld): Promise<{ id: string }> {
  const { id } = await world.done('POST', '/v1/webhooks/subscriptions', { body: wanted() });
  return { id };
}

/** A test of a subscription, which nobody has received. */
export async function deadDelivery(world: RestWorld): Promise<{ id: string }> {
  const { id } = await world.done('POST', `/v1/webhooks/subscriptions/${(await subscribed(world)).id}/test`);
  for (;;) {
    const { status } = await world.done('GET', `/v1/webhooks/deliveries/${id}`);
    if (status === 'dead') return { id };
  }
}

/** The routes of webhooks, by operation id. */
export const webhookCases: Readonly<Record<string, ContractCase>> = {
  createWebhookSubscription: {
    request: () => ({ body: { ...wanted(), project_id: 'default', active: true } }),
    status: 201,
    body: { ...subscription, secret: 'string' },
    scope: 'jobs:write',
  },
  listWebhookSubscriptions: {
    request: async (world) => {
      await subscribed(world);
      return { query: 'project_id=default&limit=2' };
    },
    status: 200,
    body: [subscription],
    scope: 'jobs:read',
  },
  getWebhookSubscription: { request: subscribed, status: 200, body: subscription, scope: 'jobs:read' },
  updateWebhookSubscription: {
    request: async (world) => ({ ...(await subscribed(world)), body: { event_types: ['run.failed'], active: false } }),
    status: 200,
    body: subscription,
    scope: 'jobs:write',
  },
  deleteWebhookSubscription: { request: subscribed, status: 204, body: null, scope: 'jobs:write' },
  testWebhookSubscription: { request: subscribed, status: 202, body: delivery, scope: 'jobs:write' },
  listWebhookDeliveries: {
    request: async (world) => {
      await deadDelivery(world);
      return { query: 'project_id=default&status=dead&event_type=webhook.test&limit=1' };
    },
    status: 200,
    body: [delivery],
    scope: 'runs:read',
  },
  getWebhookDelivery: { request: deadDelivery, status: 200, body: delivery, scope: 'runs:read' },
  retryWebhookDelivery: { request: deadDelivery, status: 200, body: delivery, scope: 'runs:write' },
  replayWebhookDelivery: { request: deadDelivery, status: 201, body: delivery, scope: 'runs:write' },
};
