import type { Pool } from 'pg';
import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { JsonInput, JsonObjectInput, text } from '../../core/schemas.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import { checkSchema, validate } from '../jobs/json-schema.ts';
import { boundedJson } from './json-size.ts';
import { refusal } from './report.ts';

/** Bytes of JSON an output may have. */
export const MAX_OUTPUT_BYTES = 1_048_576;

/** Input of an output. */
export const SetOutputInput = z.strictObject({
  key: text(256).min(1).describe('Name of the output within the run; setting it again replaces the value.'),
  value: JsonInput.optional().describe('The value, any JSON up to 1 MB; null when left out.'),
  schema: JsonObjectInput.optional().describe('JSON Schema (2020-12) that the value must match; kept beside it.'),
});

/** A named value of a run, as it is stored. */
export interface RunOutputRow {
  readonly id: string;
  readonly runId: string;
  readonly outputKey: string;
  readonly schema: JsonObject | null;
  readonly value: JsonValue;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * Stores a named value of the calling executor's run, in place of the one before under that key, and tells it in the run's events.
 * BAD_REQUEST for a schema that is none or a value that breaks it, PAYLOAD_TOO_LARGE for a value beyond {@link MAX_OUTPUT_BYTES},
 * CONFLICT when the claim no longer stands; nothing is stored then.
 */
export async function setOutput(
  actor: RunActor,
  input: z.output<typeof SetOutputInput>,
  deps: { readonly engine: Pool; readonly hub: Pick<WakeHub, 'wake'> },
): Promise<RunOutputRow> {
  const value = input.value ?? null;
  const json = boundedJson('the output', value, { maxBytes: MAX_OUTPUT_BYTES, advice: 'store it elsewhere and output where' });
  if (input.schema) checkValue(input.schema, value);
  const schema = input.schema ? JSON.stringify(input.schema) : null;
  const { rows } = await deps.engine.query<SetOutputRow>({
    name: 'set-output',
    text: SET_OUTPUT_SQL,
    values: [actor.runId, actor.projectId, actor.epoch, newId(), input.key, schema, json],
  });
  const { status = null, epoch = null, stored = false, ...output } = rows[0] ?? {};
  if (!stored) throw refusal(actor.epoch, { status, epoch });
  deps.hub.wake([actor.runId]);
  // `stored` says that the statement answered the columns of the output too.
  return output as RunOutputRow;
}

function checkValue(schema: JsonObject, value: JsonValue): void {
  const fault = checkSchema(schema);
  if (fault) throw new AppError('BAD_REQUEST', `schema: ${fault}`, { details: [{ path: 'schema', message: fault }] });
  const details = validate(schema, value, 'value');
  if (details.length === 0) return;
  const faults = details.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new AppError('BAD_REQUEST', `output schema validation failed: ${faults}`, { details });
}

/** The run as it was met; the output only when `stored`. */
type SetOutputRow = Partial<RunOutputRow> & { status: RunStatus; epoch: number; stored: boolean };

/**
 * The run's row lock orders outputs with every other event of the run, as `REPORT_SQL` does; fence, output and event are one statement,
 * so that a claim that no longer stands leaves nothing behind.
 */
const SET_OUTPUT_SQL = `
with locked as materialized (
  select r.id, r.status, r.epoch, r.attempt, r.event_seq from runs r where r.id = $1 and r.project_id = $2 for update
), accepted as materialized (
  select l.* from locked l where l.epoch = $3 and l.status in ('dequeued', 'executing', 'waiting')
), stored as (
  insert into run_outputs as o (id, run_id, output_key, schema, value)
  select $4, a.id, $5, $6::jsonb, $7::jsonb from accepted a
  on conflict (run_id, output_key) do update set schema = excluded.schema, value = excluded.value, updated_at = now()
  returning o.*
), numbered as (
  update runs r set event_seq = a.event_seq + 1 from accepted a where r.id = a.id
), told as (
  insert into run_events (run_id, seq, type, message, data, attempt, epoch)
  select a.id, a.event_seq + 1, 'output', 'output "' || $5 || '"', jsonb_build_object('output_key', $5::text), a.attempt, a.epoch
    from accepted a
)
select l.status, l.epoch, s.id is not null as stored, s.id, s.run_id as "runId", s.output_key as "outputKey", s.schema, s.value,
       s.created_at as "createdAt", s.updated_at as "updatedAt"
  from locked l left join stored s on true`;
