import type { Pool, PoolClient } from 'pg';
import type { JsonObject } from '../../core/json.ts';
import type { WebhookEventType } from './event-types.ts';

/** Something that has happened in a project, for whoever subscribes to it. */
export interface WebhookEvent {
  readonly projectId: string;
  readonly type: WebhookEventType;
  /** What is told of it besides its type; under 20 kB of JSON. */
  readonly body: JsonObject;
}

/** Bytes of JSON that a body may have. */
const MAX_BODY_BYTES = 19_000;

/**
 * Stores a delivery of each event for each active subscription of its project to its type, with the given client, so that they are
 * committed with what they tell of, or not at all; answers how many. A project without subscriptions costs one probe of an index.
 * Endings of runs are stored by the transition statement instead.
 */
export async function enqueueDeliveries(client: Pool | PoolClient, events: readonly WebhookEvent[]): Promise<number> {
  const input = JSON.stringify(
    events.map(({ projectId, type, body }) => ({ project_id: projectId, event_type: type, payload: { ...body, type } })),
  );
  const tooLarge = events.find(({ body }) => Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES);
  if (tooLarge) throw new RangeError(`the body of a ${tooLarge.type} webhook has more than ${MAX_BODY_BYTES} bytes`);
  const { rowCount } = await client.query({
    name: 'enqueue-deliveries',
    text: `
      insert into webhook_deliveries (id, project_id, kind, subscription_id, event_type, webhook_url, payload)
      select baton_uuid_v7(), e.project_id, 'subscription', s.id, e.event_type, s.webhook_url, e.payload
        from json_to_recordset($1::json) as e (project_id text, event_type text, payload jsonb)
       cross join lateral (
         select s.id, s.webhook_url from webhook_subscriptions s
          where s.project_id = e.project_id and s.active and e.event_type = any (s.event_types) offset 0) s`,
    values: [input],
  });
  return rowCount ?? 0;
}
