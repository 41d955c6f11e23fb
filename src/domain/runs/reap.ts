import type { Pool } from 'pg';
import { dropSpentCounters } from '../admission/drop-counters.ts';
import { fireBuffers } from '../admission/fire-buffers.ts';
import { deleteExpiredBatches } from '../batches/retention.ts';
import { deleteOldChanges } from '../changes/read-changes.ts';
import { forgetCircuits } from '../circuits/circuit-upkeep.ts';
import type { RunDeps } from './deps.ts';
import { promoteHeld, recountLimits } from './limits.ts';
import { reapClaims, reapStrayLeases } from './reap-claims.ts';
import { expireRuns, promoteDelayed, reapOrphans, reapWaits, releaseRetries } from './reap-timers.ts';
import { deleteExpiredRuns, forgetChunks } from './retention.ts';

/** Rows one step handles at once; a pass repeats a step until it finds less than that. */
const BATCH = 500;

/** What reaping works with. */
export type ReapDeps = Pick<RunDeps, 'engine' | 'jobs' | 'transitions' | 'inserts' | 'hub' | 'dependencies' | 'stepsChanged'>;

/** What is waiting to be reaped, and when a timer is next due. */
export interface Dues {
  readonly claims: boolean;
  readonly timers: boolean;
  readonly expiries: boolean;
  readonly waits: boolean;
  /** Runs are held for a limit: whether there is room again, a raised limit for instance, is worth a recount. */
  readonly held: boolean;
  /** There are slot counters at all. */
  readonly limits: boolean;
  /** Runs have been claimable for a while and nobody took them: a doorbell was lost, or everybody is full. */
  readonly unclaimed: boolean;
  /** Milliseconds until the next delayed run, retry or buffer of triggers is due; null when there is none. */
  readonly nextTimerMs: number | null;
}

const DUES_SQL = `
select exists (select from run_leases where lease_until <= now() or deadline_at <= now()) as claims,
       exists (select from runs where wake_at <= now()) or exists (select from trigger_buffers where fire_at <= now()) as timers,
       exists (select from runs where expires_at <= now() and status in ('delayed', 'queued') and epoch = 0) as expiries,
       exists (select from waits where status = 'waiting' and expires_at <= now()) as waits,
       exists (select from limits where has_waiters) as held, exists (select from limits) as limits,
       exists (select from (select r.queued_at from runs r where r.status = 'queued' and r.hold is null
                             order by r.priority desc, r.created_at, r.id limit 1) q
                where q.queued_at < now() - $1::bigint * interval '1 millisecond') as unclaimed,
       extract(epoch from least((select min(wake_at) from runs where wake_at is not null),
                                (select min(fire_at) from trigger_buffers)) - now())::float8 * 1000 as "nextTimerMs"`;

/** One cheap question that an idle database answers with "nothing" from the edges of a few small indexes. */
export async function findDues(unclaimedAfterMs: number, deps: { readonly engine: Pool }): Promise<Dues> {
  const { rows } = await deps.engine.query<Dues>({ name: 'dues', text: DUES_SQL, values: [unclaimedAfterMs] });
  const [dues] = rows;
  if (!dues) throw new Error('the dues query answered no row');
  return dues;
}

/** Ends claims nobody stands behind, expires, and times out waits, as far as `dues` says there is something. */
export async function reapDues(dues: Dues, deps: ReapDeps): Promise<void> {
  if (dues.claims) {
    await repeat((limit) => reapClaims(limit, deps));
    await reapStrayLeases(deps);
  }
  if (dues.expiries) await repeat((limit) => expireRuns(limit, deps));
  if (dues.waits) await repeat((limit) => reapWaits(limit, deps));
  if (dues.held) await freeHeld(deps);
}

async function freeHeld(deps: ReapDeps): Promise<void> {
  const keys = await recountLimits(deps);
  if (keys.length > 0) await promoteHeld(keys, deps);
}

/** Queues delayed runs, frees retries and makes runs of buffered triggers that are due. Any process may do it at any time. */
export async function fireTimers(deps: Omit<ReapDeps, 'stepsChanged'>): Promise<number> {
  const promoted = await repeat((limit) => promoteDelayed(limit, deps));
  const released = await repeat((limit) => releaseRetries(limit, deps));
  return promoted + released + (await fireBuffers(deps));
}

/** The slower rounds: heals what only a crash at the wrong moment leaves behind, and deletes what is past its keeping time. */
export async function sweep(dues: Dues, deps: ReapDeps): Promise<void> {
  await repeat((limit) => reapWaits(limit, deps));
  await repeat((limit) => reapOrphans(limit, deps));
  await deps.dependencies.sweep();
  if (dues.limits) await freeHeld(deps);
  await repeat((limit) => deleteExpiredRuns(limit, deps));
  await repeat((limit) => dropSpentCounters(limit, deps));
  await repeat((limit) => forgetCircuits(limit, deps));
  await repeat((limit) => deleteOldChanges(limit, deps));
  await repeat((limit) => deleteExpiredBatches(limit, deps));
  await repeat((limit) => forgetChunks(limit, deps));
}

async function repeat(step: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (let found = BATCH; found >= BATCH; ) {
    found = await step(BATCH);
    total += found;
  }
  return total;
}
