import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { DeliveryStatus } from './event-types.ts';
import type { WebhookDeps } from './subscription.ts';

/**
 * Sends a delivery that has failed or was given up at once, as the same message, and begins its attempts anew; answers its id. FORBIDDEN
 * without `runs:write`, NOT_FOUND for unknown and foreign deliveries, CONFLICT for any other status or while it is being sent.
 */
export async function retryDelivery(actor: Actor, id: string, deps: Pick<WebhookDeps, 'pool' | 'onDue'>): Promise<string> {
  requireScope(actor, 'runs:write');
  if (!isUuid(id)) throw notFound('webhook delivery');
  const { rows } = await deps.pool.query<{ id: string }>(
    `update webhook_deliveries set status = 'pending', next_attempt_at = now(), forgiven_attempts = attempts, lease_until = null
      where project_id = $1 and id = $2 and status in ('failed', 'dead') and (lease_until is null or lease_until < now())
     returning id`,
    [actor.projectId, id],
  );
  if (!rows[0]) throw await whyNot(actor, id, deps);
  deps.onDue();
  return rows[0].id;
}

async function whyNot(actor: Actor, id: string, deps: Pick<WebhookDeps, 'pool'>): Promise<AppError> {
  const { rows } = await deps.pool.query<{ status: DeliveryStatus }>(
    'select status from webhook_deliveries where project_id = $1 and id = $2',
    [actor.projectId, id],
  );
  const status = rows[0]?.status;
  if (!status) return notFound('webhook delivery');
  if (status === 'failed' || status === 'dead')
    return new AppError('CONFLICT', 'the webhook delivery is being sent at this moment: look again');
  return new AppError('CONFLICT', `only failed and dead webhook deliveries can be retried; this one is ${status}`);
}
