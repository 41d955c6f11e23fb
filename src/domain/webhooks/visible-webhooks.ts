import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { isUuid } from '../../core/ids.ts';
import { DELIVERY_EVENT_TYPES, DELIVERY_STATUSES } from './event-types.ts';

/** The `where` of the subscriptions that an actor can see. */
export function visibleSubscriptions(actor: Actor) {
  return { projectId: actor.projectId };
}

/** The `where` of one subscription; of none for what cannot be an id. */
export function visibleSubscription(actor: Actor, id: string) {
  return { projectId: actor.projectId, id: { in: isUuid(id) ? [id] : [] } };
}

/** Which deliveries are meant; all conditions must hold. */
export const DeliveryFilterInput = z.strictObject({
  subscriptionId: z.string().optional().describe('Only those of this subscription.'),
  runId: z.string().optional().describe('Only those about this run.'),
  status: z.array(z.enum(DELIVERY_STATUSES)).min(1).max(DELIVERY_STATUSES.length).optional().describe('Any of these statuses.'),
  eventType: z.enum(DELIVERY_EVENT_TYPES).optional().describe('Only those about this.'),
});

/** The `where` of the deliveries that an actor can see and a filter means; what cannot be an id means none. */
export function visibleDeliveries(actor: Actor, filter: z.output<typeof DeliveryFilterInput>) {
  const { subscriptionId, runId, status, eventType } = filter;
  return {
    projectId: actor.projectId,
    // Both columns say it; the index has the second one.
    ...(subscriptionId !== undefined && { subscriptionId: meant(subscriptionId), targetId: meant(subscriptionId) }),
    ...(runId !== undefined && { runId: meant(runId) }),
    ...(status && { status: { in: status } }),
    ...(eventType && { eventType }),
  };
}

/** The `where` of one delivery. */
export function visibleDelivery(actor: Actor, id: string) {
  return { projectId: actor.projectId, id: meant(id) };
}

function meant(id: string) {
  return { in: isUuid(id) ? [id] : [] };
}
