import type { Pool } from 'pg';

/** Deliveries counted at most: a gauge need not cost more the worse things are. */
const MAX_COUNTED = 10_000;

/** What is still to be delivered. */
export interface DeliveryBacklog {
  /** At most {@link MAX_COUNTED}, which then means "or more". */
  readonly pending: number;
  /** Seconds since the oldest of them was stored; 0 when there is none. */
  readonly oldestSecs: number;
}

/** Counts what is still to be delivered, in all projects. */
export async function readDeliveryBacklog(pool: Pool): Promise<DeliveryBacklog> {
  const { rows } = await pool.query<DeliveryBacklog>({
    name: 'delivery-backlog',
    text: `select count(*)::int as pending, coalesce(extract(epoch from now() - min(d.created_at)), 0)::float8 as "oldestSecs"
             from (select created_at from webhook_deliveries where next_attempt_at is not null limit ${MAX_COUNTED}) d`,
  });
  return rows[0] ?? { pending: 0, oldestSecs: 0 };
}
