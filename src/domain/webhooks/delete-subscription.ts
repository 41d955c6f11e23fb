import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { SUBSCRIPTION_COLUMNS, type WebhookDeps, type WebhookSubscription } from './subscription.ts';

/**
 * Deletes a subscription, and returns it. What was sent stays in the list of deliveries until it is old; what was still to be sent is
 * dropped. FORBIDDEN without `jobs:write`, NOT_FOUND for unknown and foreign ones.
 */
export async function deleteWebhookSubscription(
  actor: Actor,
  id: string,
  deps: Pick<WebhookDeps, 'pool'>,
): Promise<WebhookSubscription> {
  requireScope(actor, 'jobs:write');
  if (!isUuid(id)) throw notFound('webhook subscription');
  const { rows } = await deps.pool.query<WebhookSubscription>(
    `delete from webhook_subscriptions where project_id = $1 and id = $2 returning ${SUBSCRIPTION_COLUMNS}`,
    [actor.projectId, id],
  );
  if (!rows[0]) throw notFound('webhook subscription');
  return rows[0];
}
