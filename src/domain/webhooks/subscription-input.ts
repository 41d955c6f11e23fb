import { z } from 'zod';
import { ProjectId } from '../projects/project.ts';
import { WEBHOOK_EVENT_TYPES } from './event-types.ts';
import { WebhookSecret } from './webhook-secret.ts';

const webhookUrl = z
  .string()
  .min(1)
  .max(2_048)
  .describe('Where deliveries are sent to by POST: an absolute http or https URL, under the rules of endpoints.');
const eventTypes = z.array(z.enum(WEBHOOK_EVENT_TYPES)).min(1).max(WEBHOOK_EVENT_TYPES.length).describe('What to be told of.');
const active = z.boolean().describe('False sends nothing, and drops what is still to be sent.');
const secret = WebhookSecret.describe(
  'What deliveries are signed with: `whsec_` and the base64 of 24 to 64 bytes, or 16 to 256 printable characters that are the key themselves.',
);

/** What a new subscription is made from. Null means the same as leaving a field out. */
export const CreateWebhookSubscriptionInput = z.strictObject({
  projectId: ProjectId.nullish().describe('Project of the subscription; only ever the project of the calling key.'),
  webhookUrl,
  eventTypes,
  secret: secret.nullish().describe(`${secret.description} Left out, one is made and shown once.`),
  active: active.nullish().describe(`${active.description} True when left out.`),
});

/** The parsed form of {@link CreateWebhookSubscriptionInput}. */
export type CreateWebhookSubscriptionInput = z.infer<typeof CreateWebhookSubscriptionInput>;

/** What a subscription is changed to: whatever is left out stays. */
export const UpdateWebhookSubscriptionInput = z
  .strictObject({
    webhookUrl: webhookUrl.optional().describe(webhookUrl.description ?? ''),
    eventTypes: eventTypes.optional().describe(eventTypes.description ?? ''),
    secret: secret.optional().describe(secret.description ?? ''),
    active: active.optional().describe(active.description ?? ''),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'must change at least one field');

/** The parsed form of {@link UpdateWebhookSubscriptionInput}. */
export type UpdateWebhookSubscriptionInput = z.infer<typeof UpdateWebhookSubscriptionInput>;
