import type { Pool } from 'pg';
import type { EndpointPolicy } from '../../core/endpoint-guard.ts';
import type { WebhookEventType } from './event-types.ts';

/** A subscription as its readers see it: everything but the secret. */
export interface WebhookSubscription {
  readonly id: string;
  readonly projectId: string;
  readonly webhookUrl: string;
  readonly eventTypes: readonly WebhookEventType[];
  readonly active: boolean;
  /** When a 410 of the receiver switched it off; null when none has. */
  readonly goneAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What the functions of this folder work with. */
export interface WebhookDeps {
  readonly pool: Pool;
  readonly endpointPolicy: EndpointPolicy;
  /** Told when a delivery has become due. */
  readonly onDue: () => void;
}

/** The columns behind a {@link WebhookSubscription}, for `select` and `returning`; the secret is not among them. */
export const SUBSCRIPTION_COLUMNS = `id, project_id as "projectId", webhook_url as "webhookUrl", event_types as "eventTypes", active,
  gone_at as "goneAt", created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt"`;
