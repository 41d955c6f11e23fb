import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { NOTICE_PAUSES_MS, nextDeliveryMs, WEBHOOK_PAUSES_MS } from '../core/delivery-schedule.ts';
import type { PostAnswer, PostSigned } from '../core/signed-post.ts';
import { type ClaimedDelivery, claimDeliveries } from '../domain/webhooks/claim-deliveries.ts';
import type { DeliveryKind } from '../domain/webhooks/event-types.ts';
import { type DeliveryAttempt, releaseDelivery, settleDelivery } from '../domain/webhooks/settle-delivery.ts';
import { type EndpointRooms, makeEndpointSlots } from './endpoint-slots.ts';
import { makeLoop, type StartedLoop } from './loop.ts';
import { makeTimers } from './timers.ts';

/** Deliveries under way at once in this process. */
const MAX_UNDER_WAY = 128;
/** How long nobody else attempts what this process has claimed; longer than an attempt takes with everything around it. */
const LEASE_MS = 30_000;

/** Milliseconds between the attempts of each kind of delivery. */
export type WebhookPauses = Readonly<Record<DeliveryKind, readonly number[]>>;

const NEVER: readonly number[] = [];
const PAUSES_MS: WebhookPauses = {
  subscription: WEBHOOK_PAUSES_MS,
  job: WEBHOOK_PAUSES_MS,
  // Whoever tests a subscription looks at the answer and tests again.
  test: NEVER,
  event_notice: NOTICE_PAUSES_MS,
  batch_callback: WEBHOOK_PAUSES_MS,
};

interface SenderDeps {
  readonly engine: Pool;
  readonly post: PostSigned;
  /** Milliseconds between two looks at what is due. */
  readonly intervalMs: number;
  /** Told how each attempt ended. */
  readonly onSettled: (delivery: ClaimedDelivery, attempt: DeliveryAttempt) => void | Promise<void>;
  readonly log: Logger;
  /** The documented ones when left out. */
  readonly pausesMs?: WebhookPauses;
  readonly leaseMs?: number;
}

/** Sends what is due, as one of any number of processes. */
export interface WebhookSender extends StartedLoop {
  /** Something became due: looks for it at once. */
  poke(): void;
  underWay(): number;
  /** Claims nothing more, waits up to `graceMs` for what is under way and gives the rest back. */
  stop(graceMs: number): Promise<void>;
}

/** Makes the {@link WebhookSender} of a process. */
export function makeWebhookSender(deps: SenderDeps): WebhookSender {
  const { engine, log, pausesMs = PAUSES_MS, leaseMs = LEASE_MS } = deps;
  const slots = makeEndpointSlots();
  const sending = new Set<Promise<void>>();
  const closing = new AbortController();
  /** So that a retry is not late by an interval; should this process end, the others look by themselves. */
  const timers = makeTimers(async () => poke());
  let stopped = true;
  let poked = false;
  let after = '';
  /** The last look may have left something for want of room: whoever gives back a slot looks again. */
  let hasMore = false;
  let givenBack = false;

  /** A slot given back while somebody looks was not seen by that look. */
  async function claimDue(): Promise<void> {
    givenBack = false;
    await claimRound();
    if (hasMore && givenBack) poke();
  }

  /** Goes once around all endpoints that have something due, or as far as there is room. */
  async function claimRound(): Promise<void> {
    hasMore = false;
    for (let atStart = after === ''; ; ) {
      const free = MAX_UNDER_WAY - sending.size;
      hasMore ||= free <= 0;
      if (stopped || free <= 0) return;
      const room = slots.rooms();
      const { deliveries, next } = await claimDeliveries({ ...room, free, after, leaseMs }, { engine });
      hasMore ||= isUsedUp(room, deliveries);
      for (const delivery of deliveries) start(delivery);
      after = next ?? '';
      if (next !== null) continue;
      if (atStart) return;
      atStart = true;
    }
  }

  function start(delivery: ClaimedDelivery): void {
    slots.take(delivery.endpoint);
    const work = deliver(delivery)
      .catch((error: unknown) => {
        log.warn({ err: error, deliveryId: delivery.id }, 'how a delivery went could not be stored; it will be sent again');
        return true;
      })
      .then((failed) => {
        slots.giveBack(delivery.endpoint, { failed });
        sending.delete(work);
        givenBack = true;
        if (hasMore) poke();
      });
    sending.add(work);
  }

  /** Answers whether the receiver failed. */
  async function deliver(delivery: ClaimedDelivery): Promise<boolean> {
    if (delivery.target === null) {
      await settle(delivery, unwanted(delivery));
      return false;
    }
    const { url, secret, headers } = delivery.target;
    const message = { url, body: delivery.body, messageId: delivery.id, signingSecret: secret, ...(headers && { headers }) };
    const answer = await deps.post(message, closing.signal);
    if (closing.signal.aborted && answer.status === null) {
      await releaseDelivery(delivery, { engine });
      return false;
    }
    await settle(delivery, judge(delivery, answer, pausesMs[delivery.kind]));
    return answer.fault !== null;
  }

  async function settle(delivery: ClaimedDelivery, attempt: DeliveryAttempt): Promise<void> {
    if (!(await settleDelivery(delivery, attempt, { engine }))) return;
    const { id: deliveryId, kind, attempts } = delivery;
    if (attempt.retryInMs !== null) timers.inMs(attempt.retryInMs);
    log.debug({ deliveryId, kind, attempts, status: attempt.status, responseStatus: attempt.responseStatus }, 'webhook sent');
    await deps.onSettled(delivery, attempt);
  }

  const loop = makeLoop({ name: 'webhooks', intervalMs: deps.intervalMs, step: claimDue, log });

  function poke(): void {
    if (stopped || poked) return;
    poked = true;
    // Those who poke by then are served by the step that follows.
    setImmediate(() => {
      poked = false;
      if (!stopped) void loop.now();
    });
  }

  return {
    ...loop,
    start() {
      stopped = false;
      loop.start();
    },
    poke,
    underWay: () => sending.size,
    async stop(graceMs) {
      stopped = true;
      timers.stop();
      await loop.stop();
      const timeUp = new AbortController();
      const allSent = Promise.all(sending).then(() => timeUp.abort());
      await delay(graceMs, undefined, { signal: timeUp.signal }).catch(() => undefined);
      closing.abort();
      await allSent;
    },
  };
}

/** True when some endpoint got all that there was room for, or had no room: there may be more for it. */
function isUsedUp({ perEndpoint, rooms }: EndpointRooms, deliveries: readonly ClaimedDelivery[]): boolean {
  const left = new Map(Object.entries(rooms));
  for (const { endpoint } of deliveries) left.set(endpoint, (left.get(endpoint) ?? perEndpoint) - 1);
  return [...left.values()].some((room) => room <= 0);
}

const WHY_UNWANTED: Partial<Record<DeliveryKind, string>> = {
  event_notice: 'the wait was over',
  batch_callback: 'its batch was canceled, or is no longer kept',
};

function unwanted({ kind }: ClaimedDelivery): DeliveryAttempt {
  const error = WHY_UNWANTED[kind] ?? 'its webhook was switched off or removed';
  return { status: 'dead', retryInMs: null, responseStatus: null, responseBody: null, error, gone: false };
}

/**
 * What an answer means for a delivery: 2xx has taken it; 410 wants no more of this subscription; another 4xx, 408 and 429 excepted, would
 * be answered again, and so would an address that must not be called; everything else may pass, a redirect too, which is never followed.
 */
function judge({ round }: ClaimedDelivery, answer: PostAnswer, pausesMs: readonly number[]): DeliveryAttempt {
  const { status, excerpt, fault, retryAfterMs, blocked } = answer;
  const told = { responseStatus: status, responseBody: excerpt === '' ? null : excerpt, error: fault, gone: status === 410 };
  if (fault === null) return { ...told, status: 'delivered', retryInMs: null };
  const isRefused = status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
  const retryInMs = blocked || isRefused ? null : nextDeliveryMs(pausesMs, round, { retryAfterMs });
  return { ...told, status: retryInMs === null ? 'dead' : 'failed', retryInMs };
}
