import type { Pool } from 'pg';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RunDeps } from '../runs/deps.ts';
import { boundedJson } from '../runs/json-size.ts';
import { wakeRuns } from '../runs/waits.ts';
import { isEventKey } from './event-key.ts';
import { notWaiting, readNewest } from './newest-trigger.ts';

/** Bytes of JSON that an event may carry. */
export const MAX_EVENT_BYTES = 1_048_576;
/** Waits that one call ends at most. */
const MAX_RESOLVED = 1_000;
/** Bytes that one call stores at most: a payload is kept with each wait and in the state of each run. */
const MAX_RESOLVED_BYTES = 16 * MAX_EVENT_BYTES;
/** A key may come into use again between two statements, though hardly twice. */
const SEND_TRIES = 3;

type SendDeps = Pick<RunDeps, 'engine' | 'transitions' | 'stepsChanged'>;

/**
 * Sends an event to whoever waits for its key, and wakes that run; answers the id of the wait. Committed first, looked at afterwards:
 * should this process end in between, the reaper wakes the run. The same payload again is answered alike. NOT_FOUND when nobody has ever
 * waited for the key, CONFLICT when nobody does any more, PAYLOAD_TOO_LARGE beyond {@link MAX_EVENT_BYTES}.
 */
export async function sendEvent(
  actor: Actor,
  key: string,
  input: { readonly payload: JsonValue },
  deps: SendDeps,
): Promise<string> {
  requireScope(actor, 'runs:write');
  if (!isEventKey(key)) throw notFound('event trigger');
  const json = payloadJson(input.payload);
  for (let tries = 1; ; tries++) {
    const sent = await send(deps.engine, SEND_ONE, [actor.projectId, key, json, actorName(actor)]);
    const [wait] = sent;
    if (wait) {
      await wake(sent, deps);
      return wait.id;
    }
    const newest = await readNewest(deps.engine, { projectId: actor.projectId, key, json });
    if (!newest) throw notFound('event trigger');
    if (newest.status === 'received' && newest.isSame) {
      await wake([{ run_id: newest.runId, workflow_run_id: newest.workflowRunId }], deps);
      return newest.id;
    }
    if (newest.status !== 'waiting' || tries === SEND_TRIES) throw notWaiting();
  }
}

/**
 * Sends one payload to every wait whose key starts with `prefix`, in the order of their keys: at most {@link MAX_RESOLVED}, fewer for
 * large payloads, so that whoever has more calls again until nothing is resolved. Answers the ids of the waits.
 */
export async function sendEventsByPrefix(
  actor: Actor,
  prefix: string,
  input: { readonly payload: JsonValue },
  deps: SendDeps,
): Promise<string[]> {
  requireScope(actor, 'runs:write');
  if (!isEventKey(prefix)) return [];
  const json = payloadJson(input.payload);
  const limit = Math.min(MAX_RESOLVED, Math.floor(MAX_RESOLVED_BYTES / Buffer.byteLength(json)));
  const sent = await send(deps.engine, SEND_BY_PREFIX, [actor.projectId, prefix, json, actorName(actor), limit]);
  await wake(sent, deps);
  return sent.map((wait) => wait.id);
}

function payloadJson(payload: JsonValue): string {
  return boundedJson('the event', payload, { maxBytes: MAX_EVENT_BYTES, advice: 'store it elsewhere and send where' });
}

/** Who waited: a run, or a step of a workflow. */
interface Waiter {
  readonly run_id: string | null;
  readonly workflow_run_id: string | null;
}

async function wake(waiters: readonly Waiter[], deps: SendDeps): Promise<void> {
  deps.stepsChanged(waiters.flatMap((wait) => wait.workflow_run_id ?? []));
  await wakeRuns(
    waiters.flatMap((wait) => wait.run_id ?? []),
    'its event has arrived',
    deps,
  );
}

interface SentWait extends Waiter {
  readonly id: string;
  readonly event_key: string;
}

async function send(
  pool: Pool,
  statement: { readonly name: string; readonly text: string },
  values: unknown[],
): Promise<SentWait[]> {
  const { rows } = await pool.query<SentWait>({ ...statement, values });
  return rows;
}

/** The wait ends and the payload is in the state of its run, or neither. */
const KEEP_SQL = `
kept as (
  insert into run_state (run_id, state_key, value)
  select run_id, 'event:' || event_key, response_payload from sent where run_id is not null
  on conflict (run_id, state_key) do update set value = excluded.value, updated_at = now()
)
select id, run_id, workflow_run_id, event_key from sent order by event_key`;

const RECEIVED_SQL = `status = 'received', ended_at = now(), response_payload = $3::jsonb, sent_by = $4`;

const SEND_ONE = {
  name: 'send-event',
  text: `
with sent as (
  update waits w set ${RECEIVED_SQL} where w.project_id = $1 and w.event_key = $2 and w.status = 'waiting'
  returning w.id, w.run_id, w.workflow_run_id, w.event_key, w.response_payload
), ${KEEP_SQL}`,
};

/** What starts with a prefix lies between it and itself with the last character there is behind it, as many times as a key is long. */
const SEND_BY_PREFIX = {
  name: 'send-events',
  text: `
with due as materialized (
  select w.id from waits w
   where w.project_id = $1 and w.event_key >= $2 and w.event_key <= $2 || repeat(chr(1114111), 512) and w.status = 'waiting'
   order by w.event_key limit $5 for update skip locked
), sent as (
  update waits w set ${RECEIVED_SQL} from due where w.id = due.id returning w.id, w.run_id, w.workflow_run_id, w.event_key, w.response_payload
), ${KEEP_SQL}`,
};
