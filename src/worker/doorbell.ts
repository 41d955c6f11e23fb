import { EventEmitter } from 'node:events';
import { Logger as GraphileLogger, type Runner, run, type WorkerEvents } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { DISPATCH_TASK } from '../db/queue.ts';

/**
 * Answers the doorbell: graphile-worker fetches a ring, and the ring is over when nothing is due as far as this process knows. While all
 * slots are taken and runs are due, the ring stays in this process's hands, so that later rings go to processes with room.
 *
 * The runner is supervised: after a Postgres restart it can end, or go on for ever without fetching, while the process looks healthy
 * (seen: 2,085 of 3,000 runs never ran). Whenever its promise settles it is started again, and the watchdog may ask for that at any time.
 */
export interface Doorbell {
  start(): Promise<void>;
  /** Ends the present runner and starts another. */
  restart(reason: string): Promise<void>;
  stop(): Promise<void>;
  /** True while a ring is being answered, so that further ones wait for a reason. */
  isAnswering(): boolean;
  /** How many rings this process has answered. */
  answered(): number;
  /** The graphile-worker pool of the present runner, under which its locks stand. */
  poolId(): string | null;
}

interface DoorbellDeps {
  readonly pool: Pool;
  readonly pollMs: number;
  /** Does the work of one ring. */
  readonly answer: () => Promise<void>;
  readonly log: Logger;
}

const RESTART_MS = 500;

/**
 * Unbatched, graphile-worker 0.18 does not await the statement that completes a job: a connection lost there is an unhandled rejection,
 * which ends the process. Batched, with no delay, it ends the pool, and the pool is started again.
 */
const BATCHED = { completeJobBatchDelay: 0, failJobBatchDelay: 0 };

/** Makes a {@link Doorbell}. */
export function makeDoorbell(deps: DoorbellDeps): Doorbell {
  let runner: Runner | null = null;
  let poolId: string | null = null;
  let stopped = false;
  let starting: Promise<void> | null = null;
  let answering = 0;
  let answered = 0;

  async function launch(): Promise<void> {
    while (!stopped) {
      try {
        const events: WorkerEvents = new EventEmitter();
        events.on('pool:create', ({ workerPool }) => {
          poolId = workerPool.id;
        });
        const mine = await run({
          pgPool: deps.pool,
          concurrency: 1,
          pollInterval: deps.pollMs,
          noHandleSignals: true,
          events,
          preset: { worker: BATCHED },
          logger: quiet(deps.log),
          taskList: { [DISPATCH_TASK]: () => answer() },
        });
        runner = mine;
        void supervise(mine);
        return;
      } catch (error) {
        deps.log.warn({ err: error }, 'the doorbell cannot start; trying again');
        await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      }
    }
  }

  /** A ring never fails: what went wrong is repeated by the next one, and a failed job would stay in the table for ever. */
  async function answer(): Promise<void> {
    answering++;
    try {
      await deps.answer();
    } catch (error) {
      deps.log.warn({ err: error }, 'a doorbell could not be answered; the next one will be');
    } finally {
      answering--;
      answered++;
    }
  }

  async function supervise(mine: Runner): Promise<void> {
    try {
      await mine.promise;
    } catch (error) {
      deps.log.warn({ err: error }, 'the doorbell ended with an error');
    }
    if (stopped || runner !== mine) return;
    deps.log.warn('the doorbell ended; starting it again');
    await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
    if (!stopped && runner === mine) await start();
  }

  function start(): Promise<void> {
    starting ??= launch().finally(() => {
      starting = null;
    });
    return starting;
  }

  async function end(): Promise<void> {
    const mine = runner;
    runner = null;
    // A runner that lost its database cannot say good-bye; its locks are released by whoever notices that the pool is gone.
    await mine?.stop().catch((error: unknown) => deps.log.debug({ err: error }, 'the doorbell did not end cleanly'));
  }

  return {
    start,
    async restart(reason) {
      deps.log.warn({ reason }, 'restarting the doorbell');
      await Promise.race([end(), new Promise((resolve) => setTimeout(resolve, RESTART_MS))]);
      await start();
    },
    async stop() {
      stopped = true;
      await starting?.catch(() => undefined);
      await end();
    },
    isAnswering: () => answering > 0,
    answered: () => answered,
    poolId: () => poolId,
  };
}

/** graphile-worker's own log at our debug level: every line of interest is logged by us, in words of ours. */
function quiet(log: Logger): GraphileLogger {
  return new GraphileLogger(() => (level, message) => {
    log.debug({ level, source: 'graphile-worker' }, message);
  });
}
