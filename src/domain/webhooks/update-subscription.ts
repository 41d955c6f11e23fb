import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { checkWebhookUrl } from '../jobs/check-job.ts';
import { SUBSCRIPTION_COLUMNS, type WebhookDeps, type WebhookSubscription } from './subscription.ts';
import type { UpdateWebhookSubscriptionInput } from './subscription-input.ts';

/**
 * Changes a subscription; what is still to be sent goes where it points now, signed with what it says now. FORBIDDEN without
 * `jobs:write`, NOT_FOUND for unknown and foreign ones, BAD_REQUEST for a URL that must not be called.
 */
export async function updateWebhookSubscription(
  actor: Actor,
  { id, changes }: { readonly id: string; readonly changes: UpdateWebhookSubscriptionInput },
  deps: Pick<WebhookDeps, 'pool' | 'endpointPolicy'>,
): Promise<WebhookSubscription> {
  requireScope(actor, 'jobs:write');
  if (!isUuid(id)) throw notFound('webhook subscription');
  const { webhookUrl, eventTypes, secret, active } = changes;
  if (webhookUrl !== undefined) checkWebhookUrl(webhookUrl, deps.endpointPolicy);
  const { rows } = await deps.pool.query<WebhookSubscription>(
    `update webhook_subscriptions set webhook_url = coalesce($3, webhook_url), event_types = coalesce($4, event_types),
            secret = coalesce($5, secret), active = coalesce($6, active), updated_at = now(),
            gone_at = case when $6::boolean then null else gone_at end
      where project_id = $1 and id = $2 returning ${SUBSCRIPTION_COLUMNS}`,
    [actor.projectId, id, webhookUrl, eventTypes && [...new Set(eventTypes)], secret, active],
  );
  if (!rows[0]) throw notFound('webhook subscription');
  return rows[0];
}
