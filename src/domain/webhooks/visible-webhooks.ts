import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { isUuid } from '../../core/ids.ts';
import { DELIVERY_EVENT_TYPES, DELIVERY_KINDS, DELIVERY_STATUSES } from './event-types.ts';

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
  kind: z.enum(DELIVERY_KINDS).optional().describe('Only those for such a receiver.'),
  batchIds: z.array(z.string()).min(1).max(100).optional().describe('Only those that one of these batches calls back with.'),
  isUnderWay: z.boolean().optional().describe('Only those whose attempt is under way, or is not.'),
  status: z.array(z.enum(DELIVERY_STATUSES)).min(1).max(DELIVERY_STATUSES.length).optional().describe('Any of these statuses.'),
  eventType: z.enum(DELIVERY_EVENT_TYPES).optional().describe('Only those about this.'),
});

/** The `where` of the deliveries that an actor can see and a filter means; what cannot be an id means none. */
export function visibleDeliveries(actor: Actor, filter: z.output<typeof DeliveryFilterInput>) {
  const { subscriptionId, runId, kind, batchIds, isUnderWay, status, eventType } = filter;
  return {
    projectId: actor.projectId,
    // Both columns say it; the index has the second one.
    ...(subscriptionId !== undefined && { subscriptionId: meant(subscriptionId), targetId: meant(subscriptionId) }),
    ...(runId !== undefined && { runId: meant(runId) }),
    ...(kind && { kind }),
    // The index of callbacks is one of what has a batch.
    ...(batchIds ? { batchId: { in: batchIds.filter(isUuid) } } : kind === 'batch_callback' && { batchId: { not: null } }),
    ...(isUnderWay !== undefined && underWay(isUnderWay)),
    ...(status && { status: { in: status } }),
    ...(eventType && { eventType }),
  };
}

/** The `where` of one delivery. */
export function visibleDelivery(actor: Actor, id: string) {
  return { projectId: actor.projectId, id: meant(id) };
}

function underWay(is: boolean) {
  const now = new Date();
  return is ? { leaseUntil: { gt: now } } : { OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] };
}

function meant(id: string) {
  return { in: isUuid(id) ? [id] : [] };
}
