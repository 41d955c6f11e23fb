import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { nthId } from '../../core/ids.ts';
import { isFinal, type RunStatus } from '../../core/run-state.ts';
import { key } from '../../core/schemas.ts';
import { makeGate } from '../runs/gate.ts';
import { admitLimited, prepare, TriggerItemInput, triggerableJob } from '../runs/trigger.ts';
import { triggered } from '../runs/trigger-answer.ts';
import { BatchParameters, batchOptions, withParameters } from './batch-options.ts';
import { noteProgress, type OpenBatch, openBatch } from './batch-row.ts';
import type { BatchDeps } from './trigger-batch.ts';

/** Seconds that a caller waits at most, and when it does not say. */
export const MAX_WAIT_SECS = 60;
const DEFAULT_WAIT_SECS = 30;
/** A hint may be missed; nobody waits longer than this for an ending that is stored. */
const POLL_MS = 5_000;

/** Input of a trigger whose caller waits for the result. */
export const TriggerLiveInput = z.strictObject({
  job: key(128).describe('Id or slug of the job.'),
  item: TriggerItemInput.pick({ payload: true, tags: true, metadata: true, priority: true }).describe('The one run.'),
  parameters: BatchParameters.optional().describe(
    'What the run gets in its payload, which must be an object, beside its own fields.',
  ),
  waitSecs: z
    .int()
    .min(1)
    .max(MAX_WAIT_SECS)
    .optional()
    .describe(`Seconds to wait, at most ${MAX_WAIT_SECS}; ${DEFAULT_WAIT_SECS} when left out. Then the run goes on by itself.`),
});

/** What a live trigger made. */
export interface TriggeredLive {
  readonly batchId: string;
  readonly runId: string;
  /** Whether its run has ended; otherwise it goes on. */
  readonly hasEnded: boolean;
}

/**
 * Triggers one run as a batch of its own and waits for its end. It is stored before it is waited for, so whatever becomes of the caller it
 * is not lost: when the time is up the run goes on, and its batch tells how. Neither debounced nor gathered nor answered with another run.
 * Throws what a trigger does; the batch then says why.
 */
export async function triggerLive(
  actor: Actor,
  input: z.output<typeof TriggerLiveInput>,
  deps: BatchDeps,
): Promise<TriggeredLive> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const options = batchOptions(input);
  const payload = input.item.payload ?? null;
  const whole = options.parameters ? withParameters(JSON.stringify(payload), options.parameters) : payload;
  const run = prepare(actor, job, { item: { ...input.item, payload: whole }, origin: { triggeredBy: 'manual' } });
  const batch = await openBatch(actor, { jobId: job.id, total: 1, key: null, itemsHash: '', mode: 'live', options }, deps);
  const own = { ...run, id: nthId(batch.id, 0), batchId: batch.id };
  const ended = watchRun(own.id, deps);
  try {
    await admit(batch, async () => triggered(own, await admitLimited(job, own, deps), deps), deps);
    const hasEnded = await ended.within((input.waitSecs ?? DEFAULT_WAIT_SECS) * 1_000);
    return { batchId: batch.id, runId: own.id, hasEnded };
  } finally {
    ended.stop();
  }
}

async function admit(batch: OpenBatch, store: () => Promise<unknown>, deps: BatchDeps): Promise<void> {
  const progress = { batchId: batch.id, from: 0, to: 1 };
  try {
    await store();
    await noteProgress({ ...progress, created: 1, odd: [] }, deps);
  } catch (error) {
    if (error instanceof AppError) {
      const odd = [{ ord: 0, runId: null, fireAt: null, buffered: false, error: error.message }];
      await noteProgress({ ...progress, created: 0, odd }, deps);
    }
    throw error;
  } finally {
    deps.batchChanged([batch.id]);
  }
}

/** Watches for the end of a run from before it is stored, so that no hint is missed. */
function watchRun(runId: string, { hub, reads }: BatchDeps) {
  const changed = makeGate();
  const unsubscribe = hub.onWake(runId, changed.open);
  async function hasEnded(): Promise<boolean> {
    const { rows } = await reads.query<{ status: RunStatus }>({
      name: 'run-status',
      text: 'select status from runs where id = $1',
      values: [runId],
    });
    return rows[0] === undefined || isFinal(rows[0].status);
  }
  return {
    stop: unsubscribe,
    /** Whether it ends within so many milliseconds. */
    async within(ms: number): Promise<boolean> {
      const until = performance.now() + ms;
      for (;;) {
        if (await hasEnded()) return true;
        const left = until - performance.now();
        if (left <= 0) return false;
        await changed.pass(Math.min(left, POLL_MS));
      }
    },
  };
}
