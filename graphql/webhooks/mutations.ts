import { createWebhookSubscription } from '../../src/domain/webhooks/create-subscription.ts';
import { deleteWebhookSubscription } from '../../src/domain/webhooks/delete-subscription.ts';
import { replayDelivery } from '../../src/domain/webhooks/replay-delivery.ts';
import { retryDelivery } from '../../src/domain/webhooks/retry-delivery.ts';
import { CreateWebhookSubscriptionInput, UpdateWebhookSubscriptionInput } from '../../src/domain/webhooks/subscription-input.ts';
import { testWebhookSubscription } from '../../src/domain/webhooks/test-subscription.ts';
import { updateWebhookSubscription } from '../../src/domain/webhooks/update-subscription.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import {
  DeliveryKindEnum,
  subscriptionNode,
  WebhookDelivery,
  WebhookEventTypeEnum,
  WebhookSubscription,
  WebhookSubscriptionCreated,
} from './type.ts';

const created = describedBy(CreateWebhookSubscriptionInput);
const CreateSubscription = builder
  .inputType('CreateWebhookSubscriptionInput', {
    description: 'What a new webhook subscription is made from.',
    fields: (t) => ({
      projectId: t.id(created.projectId),
      webhookUrl: t.string({ required: true, ...created.webhookUrl }),
      eventTypes: t.field({ type: [WebhookEventTypeEnum], required: true, ...created.eventTypes }),
      secret: t.string(created.secret),
      active: t.boolean(created.active),
    }),
  })
  .validate(CreateWebhookSubscriptionInput);

const updated = describedBy(UpdateWebhookSubscriptionInput);
const UpdateSubscription = builder
  .inputType('UpdateWebhookSubscriptionInput', {
    description: 'What to change in a webhook subscription; what is left out, or null, stays.',
    fields: (t) => ({
      webhookUrl: t.string(updated.webhookUrl),
      eventTypes: t.field({ type: [WebhookEventTypeEnum], ...updated.eventTypes }),
      secret: t.string(updated.secret),
      active: t.boolean(updated.active),
    }),
  })
  .validate(leavingOutNulls(UpdateWebhookSubscriptionInput));

builder.mutationFields((t) => {
  const subscription = t.arg.id({ required: true, description: 'The subscription.' });
  const delivery = t.arg.id({ required: true, description: 'The delivery.' });
  return {
    createWebhookSubscription: t.field({
      type: WebhookSubscriptionCreated,
      description:
        'Subscribes a URL to endings in the project; CONFLICT when the project has as many subscriptions as it may. Requires `jobs:write`.',
      args: { input: t.arg({ type: CreateSubscription, required: true, description: 'The subscription.' }) },
      authScopes: { scope: 'jobs:write' },
      resolve: (_root, { input }, { actor, webhooks }) => createWebhookSubscription(actor, input, webhooks),
    }),
    updateWebhookSubscription: t.field({
      type: WebhookSubscription,
      description:
        'Changes a webhook subscription; what is still to be sent goes where it points now, signed with what it says now. Requires `jobs:write`.',
      args: { id: subscription, input: t.arg({ type: UpdateSubscription, required: true, description: 'What to change.' }) },
      authScopes: { scope: 'jobs:write' },
      resolve: async (_root, { id, input }, { actor, webhooks }) =>
        subscriptionNode(await updateWebhookSubscription(actor, { id, changes: input }, webhooks)),
    }),
    deleteWebhookSubscription: t.field({
      type: WebhookSubscription,
      description:
        'Deletes a webhook subscription; what is still to be sent is dropped, what was sent stays in the list of deliveries. Requires `jobs:write`.',
      args: { id: subscription },
      authScopes: { scope: 'jobs:write' },
      resolve: async (_root, { id }, { actor, webhooks }) =>
        subscriptionNode(await deleteWebhookSubscription(actor, id, webhooks)),
    }),
    testWebhookSubscription: t.field({
      type: WebhookDelivery,
      description:
        'Sends a delivery of the type `WEBHOOK_TEST` to a subscription, once; look at it to see how that went. CONFLICT when the subscription is not active. Requires `jobs:write`.',
      args: { id: subscription },
      authScopes: { scope: 'jobs:write' },
      resolve: async (_root, { id }, { actor, webhooks }) => ({ id: await testWebhookSubscription(actor, id, webhooks) }),
    }),
    retryWebhookDelivery: t.field({
      type: WebhookDelivery,
      description:
        'Sends a failed or dead delivery at once, as the same message, and begins its attempts anew; CONFLICT for any other. Requires `runs:write`.',
      args: { id: delivery },
      authScopes: { scope: 'runs:write' },
      resolve: async (_root, { id }, { actor, webhooks }) => ({ id: await retryDelivery(actor, id, webhooks) }),
    }),
    replayWebhookDelivery: t.field({
      type: WebhookDelivery,
      description:
        'Sends what a delivery said again, as a new delivery; CONFLICT when its webhook is switched off or removed. Requires `runs:write`.',
      args: { id: delivery, kind: t.arg({ type: DeliveryKindEnum, description: 'NOT_FOUND unless it is of this kind.' }) },
      authScopes: { scope: 'runs:write' },
      resolve: async (_root, { id, kind }, { actor, webhooks }) => ({ id: await replayDelivery(actor, { id, kind }, webhooks) }),
    }),
  };
});
