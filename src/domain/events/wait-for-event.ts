import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { checkEndpointUrl } from '../../core/endpoint-guard.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { text } from '../../core/schemas.ts';
import { isUniqueViolation } from '../../db/errors.ts';
import { badField } from '../jobs/check-job.ts';
import type { RunDeps } from '../runs/deps.ts';
import { refusal } from '../runs/report.ts';
import { EventKey } from './event-key.ts';

const DEFAULT_TIMEOUT_SECS = 3_600;
const MAX_TIMEOUT_SECS = 30 * 86_400;

/** Input of a wait for an event. */
export const WaitForEventInput = z.strictObject({
  eventKey: EventKey.describe(
    'What the event is sent to: 1 to 512 characters without control characters, in use by one wait of the project at a time.',
  ),
  timeoutSecs: z
    .int()
    .min(1)
    .max(MAX_TIMEOUT_SECS)
    .optional()
    .describe('Seconds to wait at most, up to 30 days; 3,600 when left out. A wait that lasts longer ends the run as timed out.'),
  notifyUrl: text(2_048)
    .min(1)
    .optional()
    .describe('Who is told once, by a signed POST, that somebody waits: an http or https URL under the rules of endpoints.'),
});

/** A run that sleeps until its event is sent. */
export interface EventWaiting {
  readonly eventKey: string;
  readonly expiresAt: Date;
  readonly triggerId: string;
}

/**
 * Puts the calling executor's run to sleep until an event is sent to a key. The wait and the new status are one statement, so nobody
 * meets one without the other: whoever finds the wait to send to finds a run to wake. The run gives back its slots meanwhile and comes
 * again as the same attempt, with the payload in its state under `event:<key>`. BAD_REQUEST for a URL that must not be called, CONFLICT
 * when the claim no longer stands, the run does not execute, or the key is in use, RATE_LIMITED when as many runs of the project wait
 * for events as it allows. That limit is looked at before the run is put to sleep: it protects an installation from a project, and
 * waits that begin at the same moment may exceed it by their number.
 */
export async function waitForEvent(
  actor: RunActor,
  input: z.output<typeof WaitForEventInput>,
  deps: RunDeps,
): Promise<EventWaiting> {
  const { eventKey, timeoutSecs = DEFAULT_TIMEOUT_SECS, notifyUrl = null } = input;
  const fault = notifyUrl === null ? null : checkEndpointUrl(notifyUrl, deps.endpointPolicy);
  if (fault !== null) throw badField('notify_url', fault.replace('endpoint URL', 'notify URL'));
  // The statement below decides; asked first because a statement that fails is repeated in halves for everybody who shares it.
  const run = await look(actor, eventKey, deps);
  if (!run || run.epoch !== actor.epoch || run.status !== 'executing') throw waitRefusal(actor.epoch, run);
  if (run.taken) throw keyInUse();
  if (run.full !== null) {
    throw new AppError('RATE_LIMITED', `project has reached maximum active event triggers (${run.full})`);
  }
  const id = newId();
  const result = await deps.transitions
    .one({
      runId: actor.runId,
      epoch: actor.epoch,
      event: 'wait',
      message: 'waiting for an event',
      data: { waiting_for: 'event', event_key: eventKey },
      wait: { id, eventKey, timeoutSecs, notifyUrl },
    })
    .catch((error: unknown) => {
      throw isUniqueViolation(error) ? keyInUse() : error;
    });
  if (!result.moved) throw waitRefusal(actor.epoch, result);
  return { eventKey, expiresAt: await readExpiry(id, deps), triggerId: id };
}

interface RunLook {
  readonly status: RunStatus;
  readonly epoch: number;
  readonly taken: boolean;
  /** The limit of the project on waits for events, when they are that many already; null when there is room, or no limit. */
  readonly full: number | null;
}

/** By id alone: "is true" keeps the planner from an index on projects. */
async function look(actor: RunActor, eventKey: string, { engine }: Pick<RunDeps, 'engine'>): Promise<RunLook | undefined> {
  const { rows } = await engine.query<RunLook>({
    name: 'look-before-wait',
    text: `select r.status, r.epoch, exists (
             select from waits w where w.project_id = $2 and w.event_key = $3 and w.status = 'waiting') as taken, (
             select p.max_active_event_triggers from projects p
              where p.id = $2 and p.max_active_event_triggers is not null and (
                select count(*) from (select from waits w where w.project_id = p.id and w.status = 'waiting' and w.kind = 'event'
                                       limit p.max_active_event_triggers) w) >= p.max_active_event_triggers) as full
             from runs r where r.id = $1 and (r.project_id = $2) is true`,
    values: [actor.runId, actor.projectId, eventKey],
  });
  return rows[0];
}

async function readExpiry(id: string, { engine }: Pick<RunDeps, 'engine'>): Promise<Date> {
  const { rows } = await engine.query<{ at: Date }>({
    name: 'wait-expiry',
    text: 'select expires_at as at from waits where id = $1',
    values: [id],
  });
  if (!rows[0]) throw new Error(`the wait ${id} was stored and is gone`);
  return rows[0].at;
}

function waitRefusal(
  epoch: number,
  run: { readonly status?: RunStatus; readonly was?: RunStatus | null; readonly epoch: number | null } | undefined,
): AppError {
  const status = run?.status ?? run?.was ?? null;
  if (status === null || run?.epoch !== epoch) return refusal(epoch, { status, epoch: run?.epoch ?? null });
  return new AppError('CONFLICT', `run must be executing to wait for event, current status: ${status}`);
}

function keyInUse(): AppError {
  return new AppError('CONFLICT', 'event key already in use');
}
