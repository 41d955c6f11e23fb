import type { Pool } from 'pg';
import type { DeliveryKind } from './event-types.ts';

/** A delivery that this process is to attempt, once. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly kind: DeliveryKind;
  /** Whom it shares its slots with: the other deliveries of its project to the same host. */
  readonly endpoint: string;
  /** Attempts with this one; the fence of its settlement. */
  readonly attempts: number;
  /** Attempts of the present round with this one, from 1. */
  readonly round: number;
  readonly runId: string | null;
  readonly waitId: string | null;
  /** JSON text. */
  readonly body: string;
  /** Where to send it and what to sign it with, as its receiver says now; null when nobody wants it any more. */
  readonly target: {
    readonly url: string;
    readonly secret: string;
    readonly headers: Readonly<Record<string, string>> | null;
  } | null;
}

/** What may be claimed. */
export interface ClaimRoom {
  /** Deliveries at most. */
  readonly free: number;
  /** Of one endpoint at most, unless `rooms` says otherwise. */
  readonly perEndpoint: number;
  /** What is left for endpoints that this process is already sending to. */
  readonly rooms: Readonly<Record<string, number>>;
  /** Looks at endpoints behind this one, in the order of their names; '' starts with the first. */
  readonly after: string;
  /** How long nobody else attempts what is claimed. */
  readonly leaseMs: number;
}

/** What was claimed, and the endpoint to go on behind; null when there is none behind. */
export interface ClaimedDeliveries {
  readonly deliveries: readonly ClaimedDelivery[];
  readonly next: string | null;
}

/** Endpoints looked at by one claim. */
const MAX_ENDPOINTS = 200;

/**
 * Goes from endpoint to endpoint, one probe of the index of what is due each, and takes no more of one than there is room for: however
 * much is queued for a receiver that does not answer, the others are reached in the same statement. A claim counts as an attempt and
 * moves its next one behind the lease, so that a process that dies has only lost time. Answers at least one row.
 */
const CLAIM_SQL = `
with recursive found as (
  (select d.endpoint, 1 as n from webhook_deliveries d
    where d.next_attempt_at is not null and d.endpoint > $1 order by d.endpoint limit 1)
  union all
  select x.endpoint, f.n + 1 from found f cross join lateral (
    select d.endpoint from webhook_deliveries d
     where d.next_attempt_at is not null and d.endpoint > f.endpoint order by d.endpoint limit 1) x
   where f.n < ${MAX_ENDPOINTS}
), picked as materialized (
  select d.id from found f cross join lateral (
    select d.id from webhook_deliveries d where d.endpoint = f.endpoint and d.next_attempt_at <= now()
     order by d.next_attempt_at limit coalesce(($2::jsonb ->> f.endpoint)::int, $3) for update skip locked) d
   limit $4
), claimed as (
  update webhook_deliveries d set attempts = d.attempts + 1, last_attempt_at = now(),
         lease_until = now() + $5::bigint * interval '1 millisecond', next_attempt_at = now() + $5::bigint * interval '1 millisecond'
    from picked p where d.id = p.id
  returning d.*
)
select m.last, m.looked, c.id, c.kind, c.endpoint, c.attempts, c.attempts - c.forgiven_attempts as round, c.run_id, c.wait_id,
       c.payload::text as body, t.url, t.secret, t.headers
  from (select max(f.endpoint) as last, count(*)::int as looked from found f) m
  left join claimed c on true
  left join lateral (
    select s.webhook_url as url, s.secret, null::jsonb as headers from webhook_subscriptions s where s.id = c.subscription_id and s.active
    union all
    select j.webhook_url, coalesce(j.webhook_secret, j.signing_secret), null from jobs j
     where c.kind = 'job' and j.id = c.job_id and j.webhook_url is not null
    union all
    select c.webhook_url, j.signing_secret, null from jobs j
     where c.kind = 'event_notice' and j.id = c.job_id
       and exists (select from waits w where w.id = c.wait_id and (w.status = 'waiting') is true)
    union all
    select c.webhook_url, coalesce(j.webhook_secret, j.signing_secret),
           (select b.callback_headers from batches b where b.id = c.batch_id) from jobs j
     where c.kind = 'batch_callback' and j.id = c.job_id
       and (select b.canceled_at is null from batches b where b.id = c.batch_id)
    offset 0) t on true`;

interface ClaimRow {
  last: string | null;
  looked: number;
  id: string | null;
  kind: DeliveryKind;
  endpoint: string;
  attempts: number;
  round: number;
  run_id: string | null;
  wait_id: string | null;
  body: string;
  url: string | null;
  secret: string | null;
  headers: Record<string, string> | null;
}

/** Claims deliveries that are due; any number of processes may at the same time. */
export async function claimDeliveries(room: ClaimRoom, deps: { readonly engine: Pool }): Promise<ClaimedDeliveries> {
  const { rows } = await deps.engine.query<ClaimRow>({
    name: 'claim-deliveries',
    text: CLAIM_SQL,
    values: [room.after, JSON.stringify(room.rooms), room.perEndpoint, room.free, room.leaseMs],
  });
  const deliveries = rows.flatMap((row) => (row.id === null ? [] : [toDelivery({ ...row, id: row.id })]));
  return { deliveries, next: nextOf(rows[0], deliveries, room) };
}

/** A claim that ran out of room goes on behind what it took last, else behind the last endpoint it has looked at. */
function nextOf(first: ClaimRow | undefined, deliveries: readonly ClaimedDelivery[], room: ClaimRoom): string | null {
  if (deliveries.length >= room.free) return deliveries.reduce((last, { endpoint }) => (endpoint > last ? endpoint : last), '');
  return first && first.looked >= MAX_ENDPOINTS ? first.last : null;
}

function toDelivery(row: ClaimRow & { id: string }): ClaimedDelivery {
  const { id, kind, endpoint, attempts, round, run_id: runId, wait_id: waitId, body, url, secret, headers } = row;
  const target = url !== null && secret !== null ? { url, secret, headers } : null;
  return { id, kind, endpoint, attempts, round, runId, waitId, body, target };
}
