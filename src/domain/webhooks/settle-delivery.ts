import type { Pool } from 'pg';
import type { ClaimedDelivery } from './claim-deliveries.ts';
import type { DeliveryStatus } from './event-types.ts';

/** How an attempt to deliver went. */
export interface DeliveryAttempt {
  readonly status: Exclude<DeliveryStatus, 'pending'>;
  /** For `failed`: milliseconds until the next attempt. */
  readonly retryInMs: number | null;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  /** Why it was not delivered, for people. */
  readonly error: string | null;
  /** The receiver wants nothing of this subscription any more. */
  readonly gone: boolean;
}

/**
 * Stores how an attempt went; answers false when the delivery was claimed again meanwhile, in which case nothing changes. A receiver
 * that is gone has its subscription switched off in the same statement, and a wait whose notice is settled learns of it.
 */
export async function settleDelivery(
  delivery: Pick<ClaimedDelivery, 'id' | 'attempts'>,
  attempt: DeliveryAttempt,
  deps: { readonly engine: Pool },
): Promise<boolean> {
  const { rows } = await deps.engine.query<{ settled: number }>({
    name: 'settle-delivery',
    text: `
      with settled as (
        update webhook_deliveries d set status = $3, lease_until = null, response_status = $5, response_body = $6, error = $7,
               next_attempt_at = now() + $4::bigint * interval '1 millisecond',
               delivered_at = case when $3 = 'delivered' then now() end
         where d.id = $1 and d.attempts = $2 and d.lease_until is not null
        returning d.subscription_id, d.wait_id
      ), gone as (
        update webhook_subscriptions s set active = false, gone_at = now(), updated_at = now()
          from settled x where $8::boolean and s.id = x.subscription_id and s.active
      ), noticed as (
        update waits w set notify_status = case when $3 = 'delivered' then 'sent' else 'failed' end
          from settled x where $3 <> 'failed' and w.id = x.wait_id
      )
      select count(*)::int as settled from settled`,
    values: [
      delivery.id,
      delivery.attempts,
      attempt.status,
      attempt.retryInMs,
      attempt.responseStatus,
      attempt.responseBody,
      attempt.error,
      attempt.gone,
    ],
  });
  return (rows[0]?.settled ?? 0) > 0;
}

/** Gives back a delivery whose attempt was cut short by the end of this process; the attempt does not count. */
export async function releaseDelivery(
  delivery: Pick<ClaimedDelivery, 'id' | 'attempts'>,
  deps: { readonly engine: Pool },
): Promise<void> {
  await deps.engine.query({
    name: 'release-delivery',
    text: `update webhook_deliveries d set next_attempt_at = now(), lease_until = null, forgiven_attempts = d.forgiven_attempts + 1
            where d.id = $1 and d.attempts = $2 and d.lease_until is not null`,
    values: [delivery.id, delivery.attempts],
  });
}
