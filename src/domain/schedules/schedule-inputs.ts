import type { PoolClient } from 'pg';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { BatchOptions } from '../batches/batch-options.ts';
import type { ScheduleRow } from './schedule.ts';

/** Bytes of the inputs of one schedule, and of all schedules of a project. */
export const MAX_INPUT_BYTES = 33_554_432;
const MAX_PROJECT_BYTES = 268_435_456;

/** What the batches of a schedule are made of. */
export interface ScheduleInputs {
  readonly count: number;
  readonly bytes: number;
  /** The payload of the first. */
  readonly first: JsonValue;
  /** JSON lists of items, each with the place of its first. */
  readonly chunks: readonly { readonly ord: number; readonly text: string }[];
  readonly options: BatchOptions;
}

/**
 * Stores the inputs of a schedule that was just made, in its transaction, while the row of the project is locked. CONFLICT when the
 * schedules of the project have more bytes of them than they may.
 */
export async function storeInputs(client: PoolClient, { id, projectId }: ScheduleRow, inputs: ScheduleInputs): Promise<void> {
  const { rows } = await client.query<{ bytes: string }>(
    `select coalesce(sum(input_bytes), 0) as bytes from schedules where project_id = $1 and input_count is not null`,
    [projectId],
  );
  if (Number(rows[0]?.bytes) + inputs.bytes > MAX_PROJECT_BYTES) {
    throw new AppError(
      'CONFLICT',
      `the inputs of all schedules of a project have at most ${MAX_PROJECT_BYTES} bytes: delete some first`,
    );
  }
  await client.query('update schedules set input_count = $2, input_bytes = $3, batch_options = $4 where id = $1', [
    id,
    inputs.count,
    inputs.bytes,
    JSON.stringify(inputs.options),
  ]);
  for (const { ord, text } of inputs.chunks) {
    await client.query('insert into schedule_inputs (schedule_id, ord, items) values ($1, $2, $3)', [id, ord, text]);
  }
}
