import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { JsonObjectInput, text } from '../../core/schemas.ts';
import { boundedJson } from './json-size.ts';
import type { Records } from './records.ts';

/** Bytes of JSON the state of a checkpoint may have. */
export const MAX_CHECKPOINT_BYTES = 1_048_576;

/** Input of a checkpoint. */
export const SaveCheckpointInput = z.strictObject({
  state: JsonObjectInput.describe('What the executor needs to go on from here: a JSON object of at most 1 MB.'),
  source: text(64).min(1).optional().describe('What saves it; `sdk` when left out.'),
});

/** A checkpoint as it is stored. */
export interface RunCheckpointRow {
  readonly id: string;
  readonly runId: string;
  readonly sequence: number;
  readonly source: string;
  readonly state: JsonObject;
  readonly createdAt: Date;
}

/**
 * Saves where the calling executor's run can go on; the newest checkpoint is handed to the next attempt. CONFLICT unless the run is
 * executing or waiting under this claim, PAYLOAD_TOO_LARGE for a state beyond {@link MAX_CHECKPOINT_BYTES}.
 */
export async function saveCheckpoint(
  actor: RunActor,
  input: z.output<typeof SaveCheckpointInput>,
  deps: { readonly records: Records },
): Promise<RunCheckpointRow> {
  const { state, source = 'sdk' } = input;
  boundedJson('the state of a checkpoint', state, {
    maxBytes: MAX_CHECKPOINT_BYTES,
    advice: 'store it elsewhere and keep where',
  });
  const id = newId();
  const { sequence, at } = await deps.records.keep('checkpoint', actor, {
    type: 'checkpoint',
    level: 'info',
    message: 'checkpoint',
    data: { checkpoint_id: id, source },
    fields: { row_id: id, source, state },
    refused: () => new AppError('CONFLICT', 'run must be executing or waiting to checkpoint'),
  });
  return { id, runId: actor.runId, sequence, source, state, createdAt: at };
}
