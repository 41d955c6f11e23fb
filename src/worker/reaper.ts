import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { releaseDeadPools } from '../db/instances.ts';
import { findDues, fireTimers, type ReapDeps, reapDues, sweep } from '../domain/runs/reap.ts';
import { deleteExpiredSchedules } from '../domain/schedules/retention.ts';
import { nextScheduleTimer } from '../domain/schedules/settle-fires.ts';
import { makeSampler } from '../domain/system/samples.ts';
import { makeDeliverySweep } from '../domain/webhooks/delivery-sweep.ts';
import type { WorkflowDeps } from '../domain/workflows/deps.ts';
import { fireWorkflowTimers, healWorkflows, nextWorkflowTimer } from '../domain/workflows/reap.ts';
import { deleteExpiredWorkflowRuns } from '../domain/workflows/retention.ts';
import type { Loop } from './loop.ts';
import { makeLoop } from './loop.ts';

/** The advisory lock of the one reaping process; any number that nothing else on the database uses. */
const LEADER_LOCK = '7022019502';
/** Sweeps heal what should not happen, so they need not run at every pass. */
const PASSES_PER_SWEEP = 6;
/** Workflow runs one sweep deletes: more than are made in that time, in a statement that is soon over. */
const EXPIRED_WORKFLOW_RUNS = 500;
/** As many moments of schedules, and ended schedules. */
const EXPIRED_SCHEDULES = 5_000;

/** What the reaper needs around the domain's functions. */
export interface ReaperDeps extends ReapDeps {
  readonly intervalMs: number;
  /** Runs that are claimable for longer than this have been overlooked. */
  readonly unclaimedAfterMs: number;
  /** Processes silent for longer than this are dead. */
  readonly silentMs: number;
  /** Sees to it that somebody with a free slot claims what is due. */
  readonly announce: () => void;
  /** Told when the next delayed run or retry is due, in milliseconds. */
  readonly onNextTimer: (ms: number) => void;
  readonly workflows: WorkflowDeps;
  /** Told when a sleep or a deadline of a workflow run is next due, in milliseconds. */
  readonly onNextWorkflowTimer: (ms: number) => void;
  /** Deals with schedules that are due, and with moments that somebody has left behind. */
  readonly fireSchedules: () => Promise<void>;
  /** Told when a schedule is next due, in milliseconds. */
  readonly onNextFire: (ms: number) => void;
  /** Looks for batches whose last ending nobody has followed up. */
  readonly healBatches: () => Promise<void>;
  readonly log: Logger;
}

/** The reaper of a process: works while it holds the leader's lock, tries to get it while it does not. */
export interface Reaper extends Loop {
  isLeader(): boolean;
}

/**
 * Makes the reaper. Every step changes rows by compare-and-set, so two leaders for a moment (a lock lost with its connection) would only
 * do the same work twice.
 */
export function makeReaper(deps: ReaperDeps): Reaper {
  const leadership = makeLeadership(deps.engine);
  const deliveries = makeDeliverySweep(deps);
  const sampler = makeSampler({ engine: deps.engine, now: () => Date.now() });
  let pass = 0;

  const loop = makeLoop({
    name: 'reaper',
    intervalMs: deps.intervalMs,
    log: deps.log,
    async step() {
      if (!(await leadership.hold())) return;
      const dues = await findDues(deps.unclaimedAfterMs, deps);
      await reapDues(dues, deps);
      const fired = dues.timers ? await fireTimers(deps) : 0;
      if (dues.nextTimerMs !== null && dues.nextTimerMs > 0) deps.onNextTimer(dues.nextTimerMs);
      if (fired > 0 || dues.unclaimed || dues.claims || dues.held) deps.announce();
      await passWorkflows(deps);
      await passSchedules(deps);
      await deps.healBatches();
      await sampler.pass();
      if (pass++ % PASSES_PER_SWEEP === 0) {
        await releaseDeadPools(deps.engine, deps.silentMs);
        await sweep(dues, deps);
        await deliveries.pass();
        await deleteExpiredWorkflowRuns(EXPIRED_WORKFLOW_RUNS, deps);
        await deleteExpiredSchedules(EXPIRED_SCHEDULES, deps);
      }
    },
  });

  return {
    ...loop,
    isLeader: () => leadership.isHeld(),
    async stop() {
      await loop.stop();
      await leadership.release();
    },
  };
}

async function passWorkflows(deps: ReaperDeps): Promise<void> {
  const ms = await nextWorkflowTimer(deps.engine);
  if (ms !== null && ms <= 0) await fireWorkflowTimers(deps.workflows);
  else if (ms !== null) deps.onNextWorkflowTimer(ms);
  await healWorkflows(deps.workflows);
}

async function passSchedules(deps: ReaperDeps): Promise<void> {
  const ms = await nextScheduleTimer(deps.engine);
  if (ms !== null && ms <= 0) await deps.fireSchedules();
  else if (ms !== null) deps.onNextFire(ms);
}

interface Leadership {
  /** True when this process leads, having tried to if it did not. */
  hold(): Promise<boolean>;
  isHeld(): boolean;
  release(): Promise<void>;
}

/** A session lock on a connection of its own: when the connection goes, so does the lock, and another process takes over. */
function makeLeadership(pool: Pool): Leadership {
  let client: PoolClient | null = null;

  function lose(): void {
    client?.release(true);
    client = null;
  }

  return {
    async hold() {
      if (client) return true;
      const candidate = await pool.connect();
      try {
        const { rows } = await candidate.query<{ led: boolean }>('select pg_try_advisory_lock($1) as led', [LEADER_LOCK]);
        if (rows[0]?.led) {
          client = candidate;
          candidate.once('error', lose);
          candidate.once('end', lose);
          return true;
        }
        candidate.release();
        return false;
      } catch (error) {
        candidate.release(true);
        throw error;
      }
    },
    isHeld: () => client !== null,
    async release() {
      const held = client;
      client = null;
      if (!held) return;
      held.off('error', lose);
      held.off('end', lose);
      await held.query('select pg_advisory_unlock($1)', [LEADER_LOCK]).then(
        () => held.release(),
        () => held.release(true),
      );
    },
  };
}
