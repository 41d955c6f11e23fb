import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid, newId } from '../../core/ids.ts';
import type { WebhookDeps } from './subscription.ts';

/**
 * Sends what a delivery said again, as a new message that remembers the old one; answers the id of the new delivery. FORBIDDEN without
 * `runs:write`, NOT_FOUND for unknown and foreign deliveries, CONFLICT when its webhook is switched off or removed, or its wait is over.
 */
export async function replayDelivery(actor: Actor, id: string, deps: Pick<WebhookDeps, 'pool' | 'onDue'>): Promise<string> {
  requireScope(actor, 'runs:write');
  if (!isUuid(id)) throw notFound('webhook delivery');
  const replayId = newId();
  const { rows } = await deps.pool.query<{ wanted: boolean }>(REPLAY_SQL, [actor.projectId, id, replayId]);
  if (!rows[0]) throw notFound('webhook delivery');
  if (!rows[0].wanted)
    throw new AppError('CONFLICT', 'nobody wants that webhook delivery any more: its webhook is switched off or removed');
  deps.onDue();
  return replayId;
}

const REPLAY_SQL = `
  with found as (
    select d.*, case d.kind
        when 'job' then (select j.webhook_url from jobs j where j.id = d.job_id)
        when 'event_notice' then (select d.webhook_url from waits w where w.id = d.wait_id and w.status = 'waiting')
        else (select s.webhook_url from webhook_subscriptions s where s.id = d.subscription_id and s.active) end as url
      from webhook_deliveries d where d.project_id = $1 and d.id = $2
  ), replayed as (
    insert into webhook_deliveries (id, project_id, kind, subscription_id, job_id, run_id, wait_id, event_type, webhook_url, payload, replay_of)
    select $3::uuid, f.project_id, f.kind, f.subscription_id, f.job_id, f.run_id, f.wait_id, f.event_type, f.url, f.payload, f.id
      from found f where f.url is not null
  )
  select url is not null as wanted from found`;
