import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { newId } from '../../core/ids.ts';
import { JsonInput, key } from '../../core/schemas.ts';
import type { RunDeps } from './deps.ts';
import { admitLimited, prepare, triggerableJob } from './trigger.ts';
import { insertRefusal } from './trigger-answer.ts';
import { waitForChildren } from './waits.ts';

const DEFAULT_AWAIT_SECS = 3_600;
const MAX_AWAIT_SECS = 30 * 86_400;

/** Input of a spawn. */
export const SpawnInput = z.strictObject({
  job: key(128).describe('Id or slug of the job to run, in the project of the parent.'),
  payload: JsonInput.optional().describe('Input of the child run.'),
  priority: z.int().min(0).max(10).optional().describe('0 (default) to 10.'),
  spawnKey: key(256)
    .optional()
    .describe('Names the child within its parent: spawning the same key again answers the child there is.'),
  awaitCompletion: z.boolean().optional().describe('Put the parent to sleep until the child has ended.'),
  awaitTimeoutSecs: z.int().min(1).max(MAX_AWAIT_SECS).optional().describe('Seconds to sleep at most; 3600 by default.'),
});

/**
 * Starts a child of the calling executor's run and answers its id. A parent that starts over and spawns the same key meets the child it
 * has. CONFLICT when the parent's claim no longer stands; NOT_FOUND for the job; RATE_LIMITED by the limits of job and project.
 */
export async function spawnRun(actor: RunActor, input: z.output<typeof SpawnInput>, deps: RunDeps): Promise<string> {
  const job = await triggerableJob(actor, input.job, deps);
  const parent = { runId: actor.runId, epoch: actor.epoch, spawnKey: input.spawnKey ?? newId() };
  const item = { payload: input.payload, priority: input.priority };
  const run = prepare(actor, job, { item, origin: { triggeredBy: 'spawn', parent } });
  const outcome = await admitLimited(job, run, deps);
  if (outcome.kind === 'refused') throw outcome.error;
  if (outcome.kind !== 'stored' && outcome.kind !== 'existing') throw insertRefusal(outcome.kind);
  const childId = outcome.kind === 'existing' ? outcome.id : run.id;
  if (input.awaitCompletion) {
    await waitForChildren(actor, { runIds: [childId], timeoutSecs: input.awaitTimeoutSecs ?? DEFAULT_AWAIT_SECS }, deps);
  }
  return childId;
}
