import { notFound } from '../../src/core/errors.ts';
import {
  DeliveryFilterInput,
  visibleDeliveries,
  visibleDelivery,
  visibleSubscription,
  visibleSubscriptions,
} from '../../src/domain/webhooks/visible-webhooks.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { DeliveryEventTypeEnum, DeliveryKindEnum, DeliveryStatusEnum, WebhookDelivery, WebhookSubscription } from './type.ts';

const described = describedBy(DeliveryFilterInput);
const DeliveryFilter = builder
  .inputType('WebhookDeliveryFilter', {
    description: 'Which deliveries are meant; all conditions must hold, and one left out holds for all of them.',
    fields: (t) => ({
      subscriptionId: t.id(described.subscriptionId),
      runId: t.id(described.runId),
      kind: t.field({ type: DeliveryKindEnum, ...described.kind }),
      batchIds: t.idList(described.batchIds),
      isUnderWay: t.boolean(described.isUnderWay),
      status: t.field({ type: [DeliveryStatusEnum], ...described.status }),
      eventType: t.field({ type: DeliveryEventTypeEnum, ...described.eventType }),
    }),
  })
  .validate(leavingOutNulls(DeliveryFilterInput));

builder.queryFields((t) => ({
  webhookSubscription: t.prismaField({
    type: WebhookSubscription,
    description: 'One webhook subscription; NOT_FOUND when there is none. Requires `jobs:read`.',
    args: { id: t.arg.id({ required: true, description: 'The subscription.' }) },
    authScopes: { scope: 'jobs:read' },
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const subscription = await prisma.webhookSubscription.findFirst({ ...query, where: visibleSubscription(actor, id) });
      if (!subscription) throw notFound('webhook subscription');
      return subscription;
    },
  }),
  webhookSubscriptions: t.connection(
    {
      type: WebhookSubscription,
      description: 'The webhook subscriptions of the project, newest first. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
      resolve: async (_root, page, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.webhookSubscription.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleSubscriptions(context.actor)),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'WebhookSubscriptionConnection', description: 'A page of webhook subscriptions.' },
    { name: 'WebhookSubscriptionEdge', description: 'A webhook subscription on a page.' },
  ),
  webhookDelivery: t.prismaField({
    type: WebhookDelivery,
    description: 'One webhook delivery; NOT_FOUND when there is none. Requires `runs:read`.',
    args: { id: t.arg.id({ required: true, description: 'The delivery.' }) },
    authScopes: { scope: 'runs:read' },
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const delivery = await prisma.webhookDelivery.findFirst({ ...query, where: visibleDelivery(actor, id) });
      if (!delivery) throw notFound('webhook delivery');
      return delivery;
    },
  }),
  webhookDeliveries: t.connection(
    {
      type: WebhookDelivery,
      description: 'The webhook deliveries of the project, newest first. Requires `runs:read`.',
      args: { filter: t.arg({ type: DeliveryFilter, description: 'Which ones; all of them when left out.' }) },
      authScopes: { scope: 'runs:read' },
      resolve: async (_root, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.webhookDelivery.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleDeliveries(context.actor, filter ?? {})),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'WebhookDeliveryConnection', description: 'A page of webhook deliveries.' },
    { name: 'WebhookDeliveryEdge', description: 'A webhook delivery on a page.' },
  ),
}));
