import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { JsonObjectInput } from '../../core/schemas.ts';
import { dependencyKeyOf } from '../dependencies/match.ts';
import type { RunDeps } from './deps.ts';
import { findDelayedRuns, promoteRuns } from './promote.ts';
import type { TransitionItem } from './transition.ts';
import { checkPayload, futureOf, hashPayload, payloadText } from './trigger.ts';

/** Input of a change of schedule. */
export const RescheduleRunInput = z.strictObject({
  scheduledAt: z.date().describe('Start no earlier than this moment; a past moment means now.'),
  payload: JsonObjectInput.optional().describe(
    'A new input of the run, checked against the payload schema of its job; kept when left out.',
  ),
});

type Reschedule = z.output<typeof RescheduleRunInput>;
type RescheduleDeps = Pick<RunDeps, 'engine' | 'reads' | 'jobs' | 'transitions' | 'dependencies'>;

/**
 * Moves the start of a run that nobody has started yet, and may give it another payload. Its time to live begins anew with the new start.
 * NOT_FOUND for an unknown run and for one that was started before, BAD_REQUEST or PAYLOAD_TOO_LARGE for the payload; nothing has
 * changed then.
 *
 * A start in the past is two steps: the run is delayed until that moment, then promoted, which the timers do as well should this process
 * end in between. A claim that is looking for due runs at that moment reads the payload once more (`claim-statement.ts`).
 */
export async function rescheduleRun(
  actor: Actor,
  input: { readonly runId: string; readonly change: Reschedule },
  deps: RescheduleDeps,
): Promise<void> {
  requireScope(actor, 'runs:write');
  const { runId, change } = input;
  if (!isUuid(runId)) throw ineligible();
  const isFuture = futureOf(change.scheduledAt) !== null;
  const payload = change.payload && (await checkedPayload(actor, { runId, payload: change.payload }, deps));
  const held = await deps.transitions.one({ ...holdUntil(actor, runId, change.scheduledAt), ...(payload && { payload }) });
  if (!held.moved) throw ineligible();
  if (isFuture) return;
  // Not being delayed means that a timer, or a second change, was first: the run is where one of them wanted it.
  await promoteRuns(await findDelayedRuns([runId], deps), deps);
}

/** Delays a run until a moment. The epoch counts claims: 0 is a run that nobody has started. */
export function holdUntil(actor: Actor, runId: string, at: Date): TransitionItem {
  return { runId, projectId: actor.projectId, epoch: 0, event: 'hold', at, message: `rescheduled to ${at.toISOString()}` };
}

async function checkedPayload(
  actor: Actor,
  { runId, payload }: { readonly runId: string; readonly payload: JsonObject },
  deps: RescheduleDeps,
): Promise<TransitionItem['payload']> {
  const { rows } = await deps.reads.query<{ jobId: string; version: number; metadata: Record<string, string> }>(
    `select r.job_id as "jobId", r.job_version as version, d.metadata from runs r join run_data d on d.run_id = r.id
      where r.id = $1 and r.project_id = $2 and r.epoch = 0 and r.status in ('delayed', 'queued')`,
    [runId, actor.projectId],
  );
  if (!rows[0]) throw ineligible();
  payloadText(payload);
  const { jobId, version, metadata } = rows[0];
  const today = await deps.jobs.ofRun(actor.projectId, jobId);
  checkPayload(await deps.jobs.atVersion(actor.projectId, jobId, await deps.jobs.versionToRun(today, version)), payload);
  return { json: payload, hash: hashPayload(payload), dependencyKey: dependencyKeyOf(payload, metadata) };
}

function ineligible(): AppError {
  return new AppError('NOT_FOUND', 'run not found or not eligible for rescheduling');
}
