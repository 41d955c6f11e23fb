import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { claimRuns } from '../domain/runs/claim.ts';
import type { ClaimedRun } from '../domain/runs/claimed-run.ts';
import type { StartSlots } from '../domain/runs/insert.ts';
import type { HeldClaim } from '../domain/runs/leases.ts';

/**
 * Keeps up to `concurrency` claimed runs under way in this process.
 *
 * Invariants: a slot is taken before a run is claimed or stored as started, and given back when its attempt has been dealt with; one
 * claim is under way at a time; whenever a slot is free and due runs may exist, a claim follows. A claimed run that this process loses
 * (crash, lost connection) is found by its lease.
 */
export interface Dispatcher {
  /** Free slots for runs that start as they are triggered. */
  readonly slots: StartSlots;
  /** Claims until nothing is due or no slot is free; resolves then. Rejects when a claim fails. */
  pump(): Promise<void>;
  /** Resolves to true when a claim has found nothing more due, which is the work of a ring, or to false when this process stops. */
  drainQueue(): Promise<boolean>;
  /** True when every slot is taken, so that due runs need another process or must wait. */
  isFull(): boolean;
  /** Runs under way with their claims, for lease renewal. */
  inFlight(): readonly HeldClaim[];
  /** Ends the dispatch of claims that are over. A run may be here once more, under a claim that stands. */
  abort(claims: Iterable<HeldClaim>): void;
  /** Stops claiming, waits up to `graceMs` for what is under way, then aborts it, so that it goes back to the queue. */
  stop(graceMs: number): Promise<void>;
}

interface DispatcherDeps {
  readonly engine: Pool;
  readonly holder: string;
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Runs one attempt to its stored end; must not reject. */
  readonly run: (run: ClaimedRun, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** What an aborted attempt may take to hand its run back; its lease does so otherwise. */
const ABORT_MS = 5_000;

/** A claim takes no more at once: its statement must stay short, so that others get their turn at the rows it locks. */
const MAX_CLAIM = 200;

/** Makes a {@link Dispatcher}. */
export function makeDispatcher(deps: DispatcherDeps): Dispatcher {
  const underWay = new Map<string, { readonly epoch: number; readonly abort: AbortController; readonly done: Promise<void> }>();
  let reserved = 0;
  let stopping = false;
  let maybeDue = false;
  let pumping: Promise<void> | null = null;
  let drained: PromiseWithResolvers<void> | null = null;

  const free = (): number => (stopping ? 0 : deps.concurrency - underWay.size - reserved);

  function start(run: ClaimedRun): void {
    const abort = new AbortController();
    const key = keyOf({ runId: run.id, epoch: run.epoch });
    const done = deps
      .run(run, abort.signal)
      .catch((error: unknown) =>
        deps.log.error({ err: error, runId: run.id }, 'an attempt could not be dealt with; its lease will end it'),
      )
      .finally(() => {
        underWay.delete(key);
        if (maybeDue) pumpSoon();
      });
    underWay.set(key, { epoch: run.epoch, abort, done });
  }

  function pumpSoon(): void {
    pump().catch((error: unknown) => deps.log.warn({ err: error }, 'a claim failed; the next doorbell tries again'));
  }

  function pump(): Promise<void> {
    maybeDue = true;
    pumping ??= claimLoop().finally(() => {
      pumping = null;
      if (!maybeDue || stopping) settleDrained();
    });
    return pumping;
  }

  async function claimLoop(): Promise<void> {
    while (maybeDue && free() > 0) {
      // Cleared before the claim: a pump that is asked for while it runs must lead to another look.
      maybeDue = false;
      const limit = Math.min(free(), MAX_CLAIM);
      reserved += limit;
      try {
        const claim = await claimRuns(deps.engine, { holder: deps.holder, limit, leaseMs: deps.leaseMs });
        if (claim.more) maybeDue = true;
        for (const run of claim.runs) start(run);
      } catch (error) {
        maybeDue = true;
        throw error;
      } finally {
        reserved -= limit;
      }
    }
  }

  function settleDrained(): void {
    drained?.resolve();
    drained = null;
  }

  return {
    slots: {
      holder: deps.holder,
      leaseMs: deps.leaseMs,
      reserve(wanted) {
        const taken = Math.max(0, Math.min(wanted, free()));
        reserved += taken;
        return taken;
      },
      start(run) {
        reserved--;
        start(run);
      },
      release(count) {
        reserved -= count;
        if (maybeDue) pumpSoon();
      },
    },
    pump,
    async drainQueue() {
      await pump();
      if (maybeDue && !stopping) {
        drained ??= Promise.withResolvers();
        await drained.promise;
      }
      return !stopping;
    },
    isFull: () => free() <= 0,
    inFlight: () => [...underWay].map(([key, { epoch }]) => ({ runId: key.slice(0, 36), epoch })),
    abort(claims) {
      for (const claim of claims) underWay.get(keyOf(claim))?.abort.abort(CLAIM_OVER);
    },
    async stop(graceMs) {
      stopping = true;
      settleDrained();
      await pumping?.catch(() => undefined);
      const all = Promise.all([...underWay.values()].map(({ done }) => done));
      const timer = new AbortController();
      await Promise.race([all, delay(graceMs, timer.signal)]);
      timer.abort();
      for (const { abort } of underWay.values()) abort.abort(SHUTDOWN);
      await Promise.race([
        Promise.all([...underWay.values()].map(({ done }) => done)),
        delay(ABORT_MS, AbortSignal.timeout(ABORT_MS)),
      ]);
    },
  };
}

function keyOf({ runId, epoch }: HeldClaim): string {
  return `${runId} ${epoch}`;
}

/** Why an attempt's signal was aborted: its claim is over, and nothing must be stored. */
export const CLAIM_OVER = 'claim over';
/** Why an attempt's signal was aborted: this process ends, and the run goes back to the queue. */
export const SHUTDOWN = 'shutdown';

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
