import type { JsonObject } from '../../src/core/json.ts';
import type { CreatedWebhookSubscription } from '../../src/domain/webhooks/create-subscription.ts';
import {
  DELIVERY_EVENT_TYPES,
  DELIVERY_KINDS,
  DELIVERY_STATUSES,
  type DeliveryEventType,
  type DeliveryKind,
  type DeliveryStatus,
  WEBHOOK_EVENT_TYPES,
  type WebhookEventType,
} from '../../src/domain/webhooks/event-types.ts';
import type { WebhookSubscription as SubscriptionRow } from '../../src/domain/webhooks/subscription.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOf } from '../enum-values.ts';

const ENDINGS: Readonly<Record<WebhookEventType, string>> = {
  'run.completed': 'A run ended with a result.',
  'run.failed': 'A run ended with an error that no retry can cure.',
  'run.timed_out': 'The last attempt of a run took too long.',
  'run.canceled': 'A run was canceled.',
  'run.crashed': 'The executor of a run fell silent in the last attempt.',
  'run.system_failed': 'A run could not be dispatched at all.',
  'run.expired': 'Nobody started a run in time.',
  'run.dead_letter': 'The attempts of a run are spent; it is kept until somebody replays it.',
  'workflow.completed': 'A run of a workflow ended well.',
  'workflow.failed': 'A run of a workflow failed.',
  'workflow.timed_out': 'A run of a workflow took too long.',
  'workflow.canceled': 'A run of a workflow was canceled.',
};

/** What can be subscribed to. */
export const WebhookEventTypeEnum = builder.enumType('WebhookEventType', {
  description: 'What can be subscribed to. REST writes them with a dot: `RUN_COMPLETED` as `run.completed`.',
  values: enumValues<WebhookEventType>(ENDINGS),
});

/** What a delivery tells of. */
export const DeliveryEventTypeEnum = builder.enumType('WebhookDeliveryEventType', {
  description: 'What a delivery tells of.',
  values: enumValues<DeliveryEventType>({
    ...ENDINGS,
    'webhook.test': 'Nothing: somebody tests a subscription.',
    'event.waiting': 'A run waits for an event, and this URL was to be told.',
    'batch.run_ended': 'A run of a batch has ended.',
    'batch.ended': 'A batch has ended.',
  }),
});

/** How a delivery stands. */
export const DeliveryStatusEnum = builder.enumType('WebhookDeliveryStatus', {
  description: 'How a delivery stands.',
  values: enumValues<DeliveryStatus>({
    pending: 'It is to be sent for the first time, or was just asked for again.',
    delivered: 'The receiver has answered with a success.',
    failed: 'The last attempt failed; another one will be made.',
    dead: 'It was given up; somebody may retry it.',
  }),
});

/** Whom a delivery is for. */
export const DeliveryKindEnum = builder.enumType('WebhookDeliveryKind', {
  description: 'Whom a delivery is for.',
  values: enumValues<DeliveryKind>({
    subscription: 'A subscription.',
    job: 'The webhook of a job.',
    test: 'A subscription that somebody tests.',
    event_notice: 'The URL that is to be told of a wait for an event.',
    batch_callback: 'The URL that a batch calls back.',
  }),
});

/** A URL that is told of what ends in a project; without its secret. */
export const WebhookSubscription = builder.prismaObject('WebhookSubscription', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    webhookUrl: t.exposeString('webhookUrl'),
    eventTypes: t.field({
      type: [WebhookEventTypeEnum],
      description: 'What it is told of.',
      resolve: ({ eventTypes }) => WEBHOOK_EVENT_TYPES.filter((type) => eventTypes.includes(type)),
    }),
    active: t.exposeBoolean('active'),
    goneAt: t.expose('goneAt', { type: 'DateTime', nullable: true }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

/** A subscription as the domain answers it, for the type above. The domain keeps the secret to itself, and no field shows it. */
export function subscriptionNode(row: SubscriptionRow): typeof WebhookSubscription.$inferType {
  return { ...row, eventTypes: [...row.eventTypes], secret: '' };
}

/** A new subscription, with its secret when that was made for it. */
export const WebhookSubscriptionCreated = builder.objectRef<CreatedWebhookSubscription>('WebhookSubscriptionCreated').implement({
  description: 'A new webhook subscription.',
  fields: (t) => ({
    subscription: t.field({
      type: WebhookSubscription,
      description: 'The subscription.',
      resolve: ({ subscription }) => subscriptionNode(subscription),
    }),
    secret: t.exposeString('secret', {
      nullable: true,
      description:
        'What deliveries are signed with, when it was made for this subscription; nobody can read it again. Null when the caller has brought it.',
    }),
  }),
});

/** One message for one receiver. Only the columns that a document asks for are read. */
export const WebhookDelivery = builder.prismaObject('WebhookDelivery', {
  select: { id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    kind: t.field({
      type: DeliveryKindEnum,
      description: 'Whom it is for.',
      select: { kind: true },
      resolve: ({ kind }) => memberOf(DELIVERY_KINDS, kind),
    }),
    subscriptionId: t.exposeID('subscriptionId', { nullable: true }),
    jobId: t.exposeID('jobId', { nullable: true }),
    runId: t.exposeID('runId', { nullable: true }),
    batchId: t.exposeID('batchId', { nullable: true }),
    eventType: t.field({
      type: DeliveryEventTypeEnum,
      description: 'What it tells of.',
      select: { eventType: true },
      resolve: ({ eventType }) => memberOf(DELIVERY_EVENT_TYPES, eventType),
    }),
    webhookUrl: t.exposeString('webhookUrl'),
    payload: t.field({
      type: 'JSONObject',
      description: 'What is sent.',
      select: { payload: true },
      // Every statement that stores one makes an object.
      resolve: ({ payload }) => payload as JsonObject,
    }),
    status: t.field({
      type: DeliveryStatusEnum,
      description: 'How it stands.',
      select: { status: true },
      resolve: ({ status }) => memberOf(DELIVERY_STATUSES, status),
    }),
    isUnderWay: t.boolean({
      description: 'Whether an attempt is under way.',
      select: { leaseUntil: true },
      resolve: ({ leaseUntil }) => leaseUntil !== null && leaseUntil.getTime() > Date.now(),
    }),
    attempts: t.exposeInt('attempts'),
    nextAttemptAt: t.expose('nextAttemptAt', { type: 'DateTime', nullable: true }),
    lastAttemptAt: t.expose('lastAttemptAt', { type: 'DateTime', nullable: true }),
    deliveredAt: t.expose('deliveredAt', { type: 'DateTime', nullable: true }),
    responseStatus: t.exposeInt('responseStatus', { nullable: true }),
    responseBody: t.exposeString('responseBody', { nullable: true }),
    error: t.exposeString('error', { nullable: true }),
    replayOf: t.exposeID('replayOf', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    subscription: t.relation('subscription', {
      nullable: true,
      description: 'The subscription it is for; null when there is none, or none any more. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
    }),
  }),
});
