import type { PostAnswer, SignedPost } from '../../src/core/signed-post.ts';
import { createWebhookSubscription } from '../../src/domain/webhooks/create-subscription.ts';
import { WEBHOOK_EVENT_TYPES, type WebhookEventType } from '../../src/domain/webhooks/event-types.ts';
import { TAKEN, type TestEngine } from './engine.ts';

/** A row of `webhook_deliveries`, as far as tests look at it. */
export interface DeliveryRow {
  readonly id: string;
  readonly kind: string;
  readonly subscription_id: string | null;
  readonly event_type: string;
  readonly status: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly response_status: number | null;
  readonly next_attempt_at: Date | null;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes, which tests compare.
  readonly payload: any;
}

/** Receivers that a test plays, by URL; those it does not play take everything. */
export interface Receivers {
  readonly post: (message: SignedPost) => Promise<PostAnswer>;
  /** What has arrived at a URL. */
  at(url: string): readonly SignedPost[];
  /** A URL of its own, answered by `play`. */
  add(play: (message: SignedPost, tries: number) => PostAnswer | Promise<PostAnswer>): string;
}

/** An answer that is no success. */
export const refusing = (status: number, more: Partial<PostAnswer> = {}): PostAnswer => ({
  ...TAKEN,
  fault: `example.com answered ${status}`,
  status,
  ...more,
});

let urls = 0;

/** Makes {@link Receivers}. */
export function makeReceivers(): Receivers {
  const plays = new Map<string, Parameters<Receivers['add']>[0]>();
  const received = new Map<string, SignedPost[]>();
  return {
    async post(message) {
      const posts = [...(received.get(message.url) ?? []), message];
      received.set(message.url, posts);
      return (await plays.get(message.url)?.(message, posts.length)) ?? TAKEN;
    },
    at: (url) => received.get(url) ?? [],
    add(play) {
      const url = `https://receiver-${++urls}.example.com/hook`;
      plays.set(url, play);
      return url;
    },
  };
}

/** Subscribes a URL, to everything unless told otherwise; answers the id. */
export async function subscribe(
  t: TestEngine,
  webhookUrl: string,
  { eventTypes = [...WEBHOOK_EVENT_TYPES], secret = null, actor = t.actor, active = true } = {} as {
    eventTypes?: WebhookEventType[];
    secret?: string | null;
    actor?: TestEngine['actor'];
    active?: boolean;
  },
): Promise<string> {
  const deps = { pool: t.pools.reads, endpointPolicy: { allowPrivate: true } };
  return (await createWebhookSubscription(actor, { webhookUrl, eventTypes, secret, active }, deps)).subscription.id;
}

/** Stores deliveries of events as endings do, without anything having ended. */
export async function enqueueDeliveries(
  client: Pick<TestEngine['pools']['engine'], 'query'>,
  events: readonly { readonly projectId: string; readonly type: WebhookEventType; readonly body: object }[],
): Promise<void> {
  for (const { projectId, type, body } of events) {
    await client.query(
      `insert into webhook_deliveries (id, project_id, kind, subscription_id, event_type, webhook_url, payload)
       select baton_uuid_v7(), s.project_id, 'subscription', s.id, $2, s.webhook_url, $3
         from webhook_subscriptions s where s.project_id = $1 and s.active and $2 = any (s.event_types)`,
      [projectId, type, JSON.stringify({ ...body, type })],
    );
  }
}

/** The deliveries of a run, or of a subscription, the oldest first. */
export async function deliveriesOf(
  t: Pick<TestEngine, 'pools'>,
  of: { readonly runId: string } | { readonly subscriptionId: string },
): Promise<DeliveryRow[]> {
  const [column, id] = 'runId' in of ? ['run_id', of.runId] : ['subscription_id', of.subscriptionId];
  const { rows } = await t.pools.reads.query<DeliveryRow>(`select * from webhook_deliveries where ${column} = $1 order by id`, [
    id,
  ]);
  return rows;
}
