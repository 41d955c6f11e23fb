import { z } from 'zod';
import { wordInput } from '../names.ts';

/** What can be subscribed to, in the words of REST. */
export const WEBHOOK_EVENT_TYPES = [
  'run.completed',
  'run.failed',
  'run.timed_out',
  'run.canceled',
  'run.crashed',
  'run.system_failed',
  'run.expired',
  'run.dead_letter',
  'workflow.completed',
  'workflow.failed',
  'workflow.timed_out',
  'workflow.canceled',
] as const;

/** What a delivery can tell of, in the words of REST. */
export const DELIVERY_EVENT_TYPES = [
  ...WEBHOOK_EVENT_TYPES,
  'webhook.test',
  'event.waiting',
  'batch.run_ended',
  'batch.ended',
] as const;

/** How a delivery can stand, in the words of REST. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed', 'dead'] as const;

/** Whom a delivery can be for, in the words of REST. */
export const DELIVERY_KINDS = ['subscription', 'job', 'test', 'event_notice', 'batch_callback'] as const;

/** A secret that webhooks are signed with; the domain looks at what is behind `whsec_`. */
export const webhookSecret = z
  .string()
  .min(16)
  .max(256)
  .regex(/^[\x20-\x7e]*$/, 'must have printable ASCII characters only');

const webhookUrl = z
  .string()
  .min(1)
  .max(2_048)
  .describe('Where deliveries are sent to by POST: an absolute http or https URL, under the rules of endpoints.');
const eventTypes = z.array(wordInput(WEBHOOK_EVENT_TYPES)).min(1).max(WEBHOOK_EVENT_TYPES.length).describe('What to be told of.');
const secret = webhookSecret.describe(
  'What deliveries are signed with: `whsec_` and the base64 of 24 to 64 bytes, or any other printable characters, which are then the key themselves.',
);
const active = z.boolean().describe('False sends nothing, and drops what is still to be sent.');

/** What a subscription is made from; null means the same as leaving a field out. */
export const newSubscriptionBody = z
  .strictObject({
    project_id: z.string().nullish().describe('Project of the subscription; only ever the project of the API key.'),
    webhook_url: webhookUrl,
    event_types: eventTypes,
    secret: secret.nullish().describe(`${secret.description} Left out, one is made and shown once.`),
    active: active.nullish().describe(`${active.description} True when left out.`),
  })
  .meta({ id: 'NewWebhookSubscription', description: 'What a webhook subscription is made from.' });

/** What to change in a subscription. */
export const subscriptionChangesBody = z
  .strictObject({
    webhook_url: webhookUrl.optional(),
    event_types: eventTypes.optional(),
    secret: secret.optional(),
    active: active.optional(),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'must change at least one field')
  .meta({ id: 'WebhookSubscriptionChanges', description: 'What to change in a webhook subscription; what is left out stays.' });
