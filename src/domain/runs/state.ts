import type { Pool } from 'pg';
import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { JsonInput, text } from '../../core/schemas.ts';
import { boundedJson } from './json-size.ts';
import { REPORTING_STATUSES } from './record-statement.ts';
import type { Records } from './records.ts';

/** Bytes of JSON a value of the state may have. */
export const MAX_STATE_BYTES = 65_536;

/** The name of a value of the state. */
export const StateKey = text(256).min(1).describe('Name of the value within the run.');

/** Input of a value of the state. */
export const SetStateInput = z.strictObject({
  key: StateKey,
  value: JsonInput.optional().describe('The value, any JSON up to 64 KB; null when left out.'),
});

/** A value of a run's state, as it is stored. */
export interface RunStateRow {
  readonly runId: string;
  readonly stateKey: string;
  readonly value: JsonValue;
  readonly updatedAt: Date;
}

/**
 * Keeps a value of the calling executor's run for this attempt and the next ones, in place of the one before under that key.
 * PAYLOAD_TOO_LARGE beyond {@link MAX_STATE_BYTES}, CONFLICT when the claim no longer stands.
 */
export async function setState(
  actor: RunActor,
  input: z.output<typeof SetStateInput>,
  deps: { readonly records: Records },
): Promise<RunStateRow> {
  const { key, value = null } = input;
  boundedJson('a value of the state', value, { maxBytes: MAX_STATE_BYTES, advice: 'store it elsewhere and keep where' });
  const { at } = await deps.records.keep('state', actor, {
    type: 'state',
    level: 'info',
    message: `state "${key}" set`,
    data: { state_key: key, change: 'set' },
    fields: { state_key: key, value },
  });
  return { runId: actor.runId, stateKey: key, value, updatedAt: at };
}

/** Forgets a value of the state. NOT_FOUND when there is none under that key, CONFLICT when the claim no longer stands. */
export async function deleteState(actor: RunActor, key: string, deps: { readonly records: Records }): Promise<void> {
  if (!StateKey.safeParse(key).success) throw notFound('state key');
  await deps.records.keep('state-removal', actor, {
    type: 'state',
    level: 'info',
    message: `state "${key}" deleted`,
    data: { state_key: key, change: 'deleted' },
    fields: { state_key: key },
    refused: (status) => (REPORTING_STATUSES.includes(status) ? notFound('state key') : null),
  });
}

/** One value of the calling executor's run's state; NOT_FOUND when there is none under that key. */
export async function getState(actor: RunActor, key: string, deps: { readonly reads: Pool }): Promise<RunStateRow> {
  if (!StateKey.safeParse(key).success) throw notFound('state key');
  const { rows } = await deps.reads.query<RunStateRow>({
    name: 'get-state',
    text: `select s.run_id as "runId", s.state_key as "stateKey", s.value, s.updated_at as "updatedAt"
             from run_state s join runs r on r.id = s.run_id where s.run_id = $1 and s.state_key = $2 and r.project_id = $3`,
    values: [actor.runId, key, actor.projectId],
  });
  const [row] = rows;
  if (!row) throw notFound('state key');
  return row;
}
