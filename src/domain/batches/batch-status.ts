import type { RunStatus } from '../../core/run-state.ts';

/** The statuses of a batch, in the order of its life (reference 003). */
export const BATCH_STATUSES = [
  'created',
  'invalid',
  'queued',
  'scheduled',
  'blocked',
  'stopped',
  'running',
  'failed',
  'partial_succeeded',
  'succeeded',
] as const;

/** A member of {@link BATCH_STATUSES}. */
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** The statuses in which nothing more happens by itself; stored, so that lists need not compute them. */
export const ENDED_BATCH_STATUSES = [
  'invalid',
  'stopped',
  'failed',
  'partial_succeeded',
  'succeeded',
] as const satisfies readonly BatchStatus[];

/** Queued runs looked at to see whether any of them could be started: the oldest are the first in turn. */
const LOOKED_AT = 100;

const BAD = ['failed', 'timed_out', 'crashed', 'system_failed', 'expired', 'dead_letter'] as const satisfies readonly RunStatus[];

/** Whether the batch has runs in any of these statuses: one probe of `runs_by_batch_status` each, however many runs there are. */
function any(...statuses: readonly RunStatus[]): string {
  const probes = statuses.map((status) => `(select true from runs r where r.batch_id = b.id and r.status = '${status}' limit 1)`);
  return `coalesce(${probes.join(', ')}, false)`;
}

const CLAIMABLE = `exists (select from (
  select r.hold from runs r where r.batch_id = b.id and r.status = 'queued' order by r.created_at limit ${LOOKED_AT}) q
   where q.hold is null or q.hold = 'retry')`;

/** It is being stored. A trigger that has stored nothing for an hour was cut off. */
const UNDER_WAY = `b.stored < b.total and b.canceled_at is null and b.updated_at > now() - interval '1 hour'`;

/**
 * The status of `batches b` as it is now, as a SQL expression over what statuses its runs have: a few probes of an index, never a count.
 * While something goes on: running while an executor works, or while the rest of what has begun is only waiting for its turn; queued
 * before the first; blocked when whatever is left waits for a slot, an endpoint, an event, another run or a person; scheduled when all
 * of it is for later. At the end: stopped when runs were canceled, invalid when no item was any good, and by its endings otherwise.
 */
export const BATCH_STATUS_NOW_SQL = `case
  when b.stored = 0 and ${UNDER_WAY} then 'created'
  when ${any('executing', 'dequeued')} then 'running'
  when ${any('queued')} and ${CLAIMABLE} then case when ${any('completed', ...BAD)} then 'running' else 'queued' end
  when ${any('waiting', 'paused', 'queued')} then 'blocked'
  when ${any('delayed')} then 'scheduled'
  when b.canceled_at is not null or ${any('canceled')} then 'stopped'
  when ${UNDER_WAY} then 'queued'
  when b.failed = b.total then 'invalid'
  when b.failed > 0 or b.stored < b.total or ${any(...BAD)} then case when ${any('completed')} then 'partial_succeeded' else 'failed' end
  else 'succeeded' end`;

/** As {@link BATCH_STATUS_NOW_SQL}, and without a probe for a batch that is known to have ended. */
export const BATCH_STATUS_SQL = `coalesce(b.ended_status, ${BATCH_STATUS_NOW_SQL})`;
