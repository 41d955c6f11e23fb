import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { gql } from '../route.ts';
import { DELIVERY_EVENT_TYPES, DELIVERY_KINDS, DELIVERY_STATUSES, WEBHOOK_EVENT_TYPES } from './webhook-bodies.ts';

const subscription = {
  id: z.string().describe('The subscription.'),
  project_id: z.string().describe('The project it belongs to.'),
  webhook_url: z.string().describe('Where deliveries are sent to by POST.'),
  event_types: z.array(wordOutput(WEBHOOK_EVENT_TYPES)).describe('What it is told of.'),
  active: z.boolean().describe('While false, nothing is stored for it and nothing is sent.'),
  gone_at: dateTime.nullable().describe('When the receiver answered 410, which has switched it off; null when it has not.'),
  created_by: z.string().describe('Who made it.'),
  created_at: dateTime.describe('When it was made.'),
  updated_at: dateTime.describe('When it last changed.'),
};

/** A subscription in an answer. */
export const subscriptionSchema = z
  .object(subscription)
  .meta({ id: 'WebhookSubscription', description: 'A URL that is told of what ends in the project; without its secret.' });

/** A subscription that was just made. */
export const newSubscriptionSchema = z
  .object({
    ...subscription,
    secret: z
      .string()
      .nullable()
      .describe('What deliveries are signed with, shown here and never again; null when the request has brought it.'),
  })
  .meta({ id: 'CreatedWebhookSubscription', description: 'A new webhook subscription.' });

/** A delivery in an answer. */
export const deliverySchema = z
  .object({
    id: z.string().describe('The delivery, and the `webhook-id` of every attempt.'),
    project_id: z.string().describe('The project it belongs to.'),
    kind: wordOutput(DELIVERY_KINDS).describe('Whom it is for.'),
    subscription_id: z.string().nullable().describe('The subscription it is for; null for the others.'),
    job_id: z.string().nullable().describe('The job of the run it tells of.'),
    run_id: z.string().nullable().describe('The run it tells of.'),
    event_type: wordOutput(DELIVERY_EVENT_TYPES).describe('What it tells of.'),
    webhook_url: z.string().describe('Where its receiver was when it was stored.'),
    payload: z.record(z.string(), z.unknown()).describe('What is sent.'),
    status: wordOutput(DELIVERY_STATUSES).describe(
      'How it stands: `failed` is tried again by itself, `dead` only when somebody asks.',
    ),
    attempts: z.int().describe('Attempts so far.'),
    next_attempt_at: dateTime.nullable().describe('When the next attempt is due; null when there is to be none.'),
    last_attempt_at: dateTime.nullable().describe('When the last attempt began.'),
    delivered_at: dateTime.nullable().describe('When it was delivered.'),
    response_status: z.int().nullable().describe('The HTTP status of the last answer; null when there was none.'),
    response_body: z.string().nullable().describe('The beginning of the text of the last answer.'),
    error: z.string().nullable().describe('Why the last attempt failed.'),
    replay_of: z.string().nullable().describe('The delivery it repeats.'),
    created_at: dateTime.describe('When it was stored, with the ending that it tells of.'),
  })
  .meta({ id: 'WebhookDelivery', description: 'One message for one receiver, and how sending it went; kept for 30 days.' });

/** Selects a {@link subscriptionSchema}. */
export const SUBSCRIPTION = gql`fragment WebhookSubscriptionV1 on WebhookSubscription {
  id project_id: projectId webhook_url: webhookUrl event_types: eventTypes active gone_at: goneAt
  created_by: createdBy created_at: createdAt updated_at: updatedAt
}`;

/** Selects a {@link deliverySchema}. */
export const DELIVERY = gql`fragment WebhookDeliveryV1 on WebhookDelivery {
  id project_id: projectId kind subscription_id: subscriptionId job_id: jobId run_id: runId event_type: eventType
  webhook_url: webhookUrl payload status attempts next_attempt_at: nextAttemptAt last_attempt_at: lastAttemptAt
  delivered_at: deliveredAt response_status: responseStatus response_body: responseBody error replay_of: replayOf created_at: createdAt
}`;

/** What {@link SUBSCRIPTION} yields. */
export type SubscriptionV1 = z.input<typeof subscriptionSchema>;
/** What {@link DELIVERY} yields. */
export type DeliveryV1 = z.input<typeof deliverySchema>;
