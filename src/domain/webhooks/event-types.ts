import type { FINAL_STATUSES } from '../../core/run-state.ts';
import type { FINAL_WORKFLOW_STATUSES } from '../../core/workflow-state.ts';

type RunEventType = `run.${(typeof FINAL_STATUSES)[number]}`;
type WorkflowEventType = `workflow.${(typeof FINAL_WORKFLOW_STATUSES)[number]}`;

/** What can be subscribed to: the endings of runs and of workflow runs (reference semantics §5.6, and the endings it leaves out). */
export const WEBHOOK_EVENT_TYPES = [
  'run.completed',
  'run.failed',
  'run.timed_out',
  'run.canceled',
  'run.crashed',
  'run.system_failed',
  'run.expired',
  'run.dead_letter',
  'workflow.completed',
  'workflow.failed',
  'workflow.timed_out',
  'workflow.canceled',
] as const satisfies readonly (RunEventType | WorkflowEventType)[];

/** A member of {@link WEBHOOK_EVENT_TYPES}. */
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

/** What a delivery can be about; a test, the notice of a wait and the callbacks of a batch cannot be subscribed to. */
export const DELIVERY_EVENT_TYPES = [
  ...WEBHOOK_EVENT_TYPES,
  'webhook.test',
  'event.waiting',
  'batch.run_ended',
  'batch.ended',
] as const;

/** A member of {@link DELIVERY_EVENT_TYPES}. */
export type DeliveryEventType = (typeof DELIVERY_EVENT_TYPES)[number];

/** How a delivery can stand; `failed` is tried again, `dead` only when somebody asks for it. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed', 'dead'] as const;

/** A member of {@link DELIVERY_STATUSES}. */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Whom a delivery is for: a subscription, a job's webhook, somebody who tests a subscription, whoever is told of a wait, or of a batch. */
export const DELIVERY_KINDS = ['subscription', 'job', 'test', 'event_notice', 'batch_callback'] as const;

/** A member of {@link DELIVERY_KINDS}. */
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];
