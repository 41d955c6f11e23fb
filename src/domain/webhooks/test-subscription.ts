import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid, newId } from '../../core/ids.ts';
import type { WebhookDeps } from './subscription.ts';

/**
 * Sends a delivery of the type `webhook.test` to a subscription, once; answers its id, to see what became of it. FORBIDDEN without
 * `jobs:write`, NOT_FOUND for unknown and foreign subscriptions, CONFLICT for one that is switched off.
 */
export async function testWebhookSubscription(
  actor: Actor,
  id: string,
  deps: Pick<WebhookDeps, 'pool' | 'onDue'>,
): Promise<string> {
  requireScope(actor, 'jobs:write');
  if (!isUuid(id)) throw notFound('webhook subscription');
  const deliveryId = newId();
  const { rows } = await deps.pool.query<{ active: boolean }>(
    `with found as (
       select s.id, s.project_id, s.webhook_url, s.active from webhook_subscriptions s where s.project_id = $1 and s.id = $2
     ), tested as (
       insert into webhook_deliveries (id, project_id, kind, subscription_id, event_type, webhook_url, payload)
       select $3::uuid, f.project_id, 'test', f.id, 'webhook.test', f.webhook_url,
              jsonb_build_object('type', 'webhook.test', 'project_id', f.project_id, 'subscription_id', f.id, 'timestamp', $4::text)
         from found f where f.active
     )
     select active from found`,
    [actor.projectId, id, deliveryId, new Date().toISOString()],
  );
  if (!rows[0]) throw notFound('webhook subscription');
  if (!rows[0].active) throw new AppError('CONFLICT', 'the webhook subscription is not active: activate it first');
  deps.onDue();
  return deliveryId;
}
