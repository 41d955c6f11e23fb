import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import { checkWebhookUrl } from '../jobs/check-job.ts';
import { SUBSCRIPTION_COLUMNS, type WebhookDeps, type WebhookSubscription } from './subscription.ts';
import type { CreateWebhookSubscriptionInput } from './subscription-input.ts';
import { newWebhookSecret } from './webhook-secret.ts';

/** Subscriptions of one project: each ending of a run is stored for all of them. */
export const MAX_SUBSCRIPTIONS = 100;

/** A new subscription, and its secret when it was made here: nobody can read it again. */
export interface CreatedWebhookSubscription {
  readonly subscription: WebhookSubscription;
  /** Null when the caller has brought it. */
  readonly secret: string | null;
}

/**
 * Subscribes a URL to endings in the project. FORBIDDEN without `jobs:write`, which decides where the runs of jobs are sent as well;
 * NOT_FOUND for another project, BAD_REQUEST for a URL that must not be called, CONFLICT beyond {@link MAX_SUBSCRIPTIONS}.
 */
export async function createWebhookSubscription(
  actor: Actor,
  input: CreateWebhookSubscriptionInput,
  deps: Pick<WebhookDeps, 'pool' | 'endpointPolicy'>,
): Promise<CreatedWebhookSubscription> {
  requireScope(actor, 'jobs:write');
  if (input.projectId && input.projectId !== actor.projectId) throw notFound('project');
  checkWebhookUrl(input.webhookUrl, deps.endpointPolicy);
  const made = input.secret ? null : newWebhookSecret();
  const values = [
    newId(),
    actor.projectId,
    input.webhookUrl,
    [...new Set(input.eventTypes)],
    input.secret ?? made,
    input.active ?? true,
    actorName(actor),
    MAX_SUBSCRIPTIONS,
  ];
  const subscription = await transact(deps.pool, async (client) => {
    // Those who create at the same moment count one after the other.
    await client.query('select from projects where id = $1 for no key update', [actor.projectId]);
    const { rows } = await client.query<WebhookSubscription>(INSERT_SQL, values);
    return rows[0];
  });
  if (!subscription)
    throw new AppError('CONFLICT', `a project has at most ${MAX_SUBSCRIPTIONS} webhook subscriptions: delete one first`);
  return { subscription, secret: made };
}

const INSERT_SQL = `
  insert into webhook_subscriptions (id, project_id, webhook_url, event_types, secret, active, created_by)
  select $1, $2, $3, $4, $5, $6, $7
   where (select count(*) from webhook_subscriptions s where s.project_id = $2) < $8::int
  returning ${SUBSCRIPTION_COLUMNS}`;
