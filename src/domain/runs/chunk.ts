import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { text } from '../../core/schemas.ts';
import type { Chunks } from './chunks.ts';
import type { RunEventRow } from './event-reader.ts';
import { boundedJson } from './json-size.ts';

/** Bytes of JSON text that one request may stream. */
const MAX_REQUEST_BYTES = 65_536;
const MAX_REQUEST_PIECES = 500;
/** The stream of an executor that names none. */
export const DEFAULT_STREAM = 'default';

const MAX_SEQUENCE = 2_147_483_647;
const SEQUENCE_DESCRIPTION =
  'The number of this request among those of the attempt to the stream, growing from 1. With it, a request whose answer was lost can be sent again: what is stored already is not stored twice.';

/** Input of a report of streamed text. */
export const StreamRunInput = z
  .strictObject({
    chunk: text(MAX_REQUEST_BYTES).optional().describe('The next piece of text, at most 64 KB as JSON; empty when left out.'),
    chunks: z
      .array(text(MAX_REQUEST_BYTES))
      .min(1)
      .max(MAX_REQUEST_PIECES)
      .optional()
      .describe('Several pieces in place of one, in order: at most 500, together at most 64 KB as JSON.'),
    streamId: text(128).min(1).optional().describe('Which of the streams of the run it continues; `default` when left out.'),
    done: z.boolean().optional().describe('Whether the stream ends with it.'),
    sequence: z.int().min(1).max(MAX_SEQUENCE).optional().describe(SEQUENCE_DESCRIPTION),
  })
  .refine(({ chunk, chunks }) => chunk === undefined || chunks === undefined, {
    path: ['chunks'],
    message: 'must not come together with chunk',
  });

/** Where a piece stands: the number of its event, and its place among the pieces of that event, from 1; place 0 is after all of them. */
export interface ChunkCursor {
  readonly seq: number;
  readonly place: number;
}

/** One piece of a stream. */
export interface RunChunk {
  /** `<seq>.<place>`, from which a reader goes on exactly after this piece. */
  readonly cursor: string;
  readonly runId: string;
  readonly seq: number;
  readonly streamId: string;
  /** Null for pieces that are no longer kept. */
  readonly chunk: string | null;
  readonly done: boolean;
  readonly attempt: number;
  readonly createdAt: Date;
}

/**
 * Adds pieces to a stream of the calling executor's run; resolves with the number of their event once they are stored. PAYLOAD_TOO_LARGE
 * for too much at once or in all, CONFLICT when the claim no longer stands. Pieces of one stream keep the order of the calls.
 */
export function streamRun(
  actor: RunActor,
  input: z.output<typeof StreamRunInput>,
  deps: { readonly chunks: Chunks },
): Promise<number> {
  const { chunk = '', chunks = [chunk], streamId = DEFAULT_STREAM, done = false, sequence = null } = input;
  const json = boundedJson('what is streamed at once', chunks, { maxBytes: MAX_REQUEST_BYTES, advice: 'send it in pieces' });
  return deps.chunks.append({ actor, streamId, chunks, done, sequence, bytes: Buffer.byteLength(json) });
}

/** The data of a chunk event. */
export function chunkData(streamId: string, chunks: readonly string[], done: boolean): JsonObject {
  return { stream_id: streamId, chunks: [...chunks], ...(done && { done }) };
}

/** The pieces of a chunk event after `place`. An event whose pieces are no longer kept is one piece without text. */
export function piecesOf(event: Pick<RunEventRow, 'runId' | 'seq' | 'data' | 'attempt' | 'createdAt'>, place = 0): RunChunk[] {
  const { runId, seq, attempt, createdAt } = event;
  const data = event.data ?? {};
  const streamId = typeof data['stream_id'] === 'string' ? data['stream_id'] : DEFAULT_STREAM;
  const done = data['done'] === true;
  const at = { runId, seq, streamId, attempt, createdAt };
  const { chunks } = data;
  if (!Array.isArray(chunks)) {
    const expired = Number(data['expired'] ?? 0);
    return place > 0 && place >= expired ? [] : [{ ...at, cursor: `${seq}.${expired}`, chunk: null, done }];
  }
  return chunks.slice(place).map((chunk, index) => ({
    ...at,
    cursor: `${seq}.${place + index + 1}`,
    chunk: String(chunk),
    done: done && place + index + 1 === chunks.length,
  }));
}

/** Reads a cursor: `<seq>.<place>`, or `<seq>` for the end of that event. BAD_REQUEST for what is none. */
export function readChunkCursor(cursor: string): ChunkCursor {
  const match = /^(\d{1,9})(?:\.(\d{1,4}))?$/.exec(cursor);
  if (!match) throw new AppError('BAD_REQUEST', 'after must be the cursor of a chunk, or 0');
  return { seq: Number(match[1]), place: Number(match[2] ?? 0) };
}

/** The number after which events must be read to go on after a cursor: an event of which only some pieces were seen is read again. */
export function seqBefore({ seq, place }: ChunkCursor): number {
  return place > 0 ? seq - 1 : seq;
}
