import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid, newId } from '../../core/ids.ts';
import type { DeliveryKind } from './event-types.ts';
import type { WebhookDeps } from './subscription.ts';

/**
 * Sends what a delivery said again, as a new message that remembers the old one; answers the id of the new delivery. FORBIDDEN without
 * `runs:write`, NOT_FOUND for unknown and foreign deliveries, CONFLICT when its webhook is switched off or removed, its wait is over or its
 * batch canceled. The callbacks of a batch are replayed {@link MAX_CALLBACK_REPLAYS} times, and their replays not at all (reference 003).
 */
export async function replayDelivery(
  actor: Actor,
  { id, kind = null }: { readonly id: string; readonly kind?: DeliveryKind | null | undefined },
  deps: Pick<WebhookDeps, 'pool' | 'onDue'>,
): Promise<string> {
  requireScope(actor, 'runs:write');
  if (!isUuid(id)) throw notFound('webhook delivery');
  const replayId = newId();
  const { rows } = await deps.pool.query<{ wanted: boolean; refusal: string | null }>(REPLAY_SQL, [
    actor.projectId,
    id,
    replayId,
    kind,
  ]);
  if (!rows[0]) throw notFound('webhook delivery');
  if (rows[0].refusal !== null) throw new AppError('CONFLICT', rows[0].refusal);
  if (!rows[0].wanted)
    throw new AppError('CONFLICT', 'nobody wants that webhook delivery any more: its webhook is switched off or removed');
  deps.onDue();
  return replayId;
}

/** Replays of one callback. */
const MAX_CALLBACK_REPLAYS = 3;

const REPLAY_SQL = `
  with found as (
    select d.*, case d.kind
        when 'job' then (select j.webhook_url from jobs j where j.id = d.job_id)
        when 'batch_callback' then (select b.callback_url from batches b where b.id = d.batch_id and b.canceled_at is null)
        when 'event_notice' then (select d.webhook_url from waits w where w.id = d.wait_id and w.status = 'waiting')
        else (select s.webhook_url from webhook_subscriptions s where s.id = d.subscription_id and s.active) end as url,
           case when d.kind <> 'batch_callback' then null
             when d.replay_of is not null then 'only an original callback can be replayed: this one is a replay'
             when (select count(*) from webhook_deliveries r where r.replay_of = d.id) >= ${MAX_CALLBACK_REPLAYS}
               then 'a callback can be replayed ${MAX_CALLBACK_REPLAYS} times' end as refusal
      from (select * from webhook_deliveries where project_id = $1 and id = $2 and ($4::text is null or kind = $4) for no key update) d
  ), replayed as (
    insert into webhook_deliveries (id, project_id, kind, subscription_id, job_id, run_id, wait_id, batch_id, event_type, webhook_url, payload, replay_of)
    select $3::uuid, f.project_id, f.kind, f.subscription_id, f.job_id, f.run_id, f.wait_id, f.batch_id, f.event_type, f.url, f.payload, f.id
      from found f where f.url is not null and f.refusal is null
  )
  select url is not null as wanted, refusal from found`;
