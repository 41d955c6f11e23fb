import type { Pool } from 'pg';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { isDataError } from '../../db/errors.ts';
import { chunkData } from './chunk.ts';
import { CHUNK_SQL, LAST_CHUNK_SQL, MAX_RUN_CHUNK_BYTES } from './chunk-statement.ts';
import { refusal } from './report.ts';

/** Pieces that go to one stream together. */
export interface ChunkReport {
  readonly actor: RunActor;
  readonly streamId: string;
  readonly chunks: readonly string[];
  readonly done: boolean;
  /** Its number in the stream, for an executor that may send it again; null for one that does not count. */
  readonly sequence: number | null;
  /** Bytes of JSON text of the pieces. */
  readonly bytes: number;
}

/** Appends what executors stream to the stories of their runs. */
export interface Chunks {
  /**
   * Appends pieces, in the order of the calls, sharing a statement with whatever else is streamed meanwhile and an event with what goes
   * to the same stream; answers the number of the event. A report with a number that the stream has come to already was stored before: it
   * is answered with the number of the stream's last event, and nothing is stored. Throws NOT_FOUND, CONFLICT when the claim no longer stands, or
   * PAYLOAD_TOO_LARGE when the run has streamed all it may; nothing is stored then.
   */
  append(report: ChunkReport): Promise<number>;
  idle(): Promise<void>;
}

/** What one event holds at most: a reader is sent whole events. */
const MAX_EVENT_BYTES = 65_536;
const MAX_EVENT_PIECES = 1_000;
const MAX_REPORTS = 1_000;
/** What an event takes beside its pieces, so that many empty pieces come to an end too. */
const EVENT_BYTES = 64;

/** An event in the making. */
interface Draft {
  readonly first: ChunkReport;
  readonly chunks: string[];
  /** Which reports are in it. */
  readonly ords: number[];
  bytes: number;
  done: boolean;
}

interface Row {
  ord: number;
  seq: number | null;
  status: RunStatus | null;
  epoch: number | null;
  stands: boolean;
  repeated: boolean;
}

const UNKNOWN = { seq: null, status: null, epoch: null, stands: false, repeated: false } as const;

/** Makes {@link Chunks} over the engine pool. One lane, so that the pieces of a stream keep their order. */
export function makeChunks(deps: { readonly pool: Pool; readonly onReported: (runIds: readonly string[]) => void }): Chunks {
  const batcher = makeMicroBatcher<ChunkReport, Row>({
    flush: async (reports) => {
      const drafts = draftEvents(reports);
      const values = [JSON.stringify(drafts.map(toInput))];
      const { rows } = await deps.pool.query<Row>({ name: 'chunks', text: CHUNK_SQL, values });
      deps.onReported([...new Set(reports.map(({ actor }) => actor.runId))]);
      const rowOf = new Map(rows.map((row) => [row.ord, row]));
      const outs: Row[] = reports.map((_report, ord) => ({ ord, ...UNKNOWN }));
      drafts.forEach(({ ords }, draft) => {
        const row = rowOf.get(draft);
        if (row) for (const ord of ords) outs[ord] = row;
      });
      return outs;
    },
    keyOf: ({ actor, streamId, sequence }) => (sequence === null ? null : `${actor.runId} ${streamId}`),
    maxItems: MAX_REPORTS,
    lanes: 1,
    isPoison: isDataError,
  });
  return {
    async append(report) {
      const row = await batcher.add(report);
      if (row.seq !== null) return row.seq;
      if (row.repeated) return lastOf(report, deps.pool);
      throw row.stands ? streamedOut() : refusal(report.actor.epoch, row);
    },
    idle: () => batcher.idle(),
  };
}

async function lastOf({ actor, streamId }: ChunkReport, pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ seq: number }>(LAST_CHUNK_SQL, [actor.runId, actor.epoch, streamId]);
  return rows[0]?.seq ?? 0;
}

/** Puts together what goes to one stream of one claim, in order, up to the end of the stream or the size of an event; what is numbered stays by itself. */
function draftEvents(reports: readonly ChunkReport[]): Draft[] {
  const drafts: Draft[] = [];
  const open = new Map<string, Draft>();
  reports.forEach((report, ord) => {
    const { runId, epoch } = report.actor;
    const stream = `${runId} ${epoch} ${report.streamId}`;
    let draft = open.get(stream);
    if (!draft || draft.done || draft.first.sequence !== null || report.sequence !== null || isFull(draft, report)) {
      draft = { first: report, chunks: [], ords: [], bytes: EVENT_BYTES, done: false };
      open.set(stream, draft);
      drafts.push(draft);
    }
    draft.chunks.push(...report.chunks);
    draft.ords.push(ord);
    draft.bytes += report.bytes;
    draft.done = report.done;
  });
  return drafts;
}

function isFull(draft: Draft, { chunks, bytes }: ChunkReport): boolean {
  return draft.bytes + bytes > MAX_EVENT_BYTES || draft.chunks.length + chunks.length > MAX_EVENT_PIECES;
}

function toInput({ first: { actor, streamId, sequence }, chunks, done, bytes }: Draft, ord: number): object {
  const message = `${chunks.length === 1 ? 'a piece' : `${chunks.length} pieces`} of the stream "${streamId}"${done ? ', which ends' : ''}`;
  const { runId: run_id, projectId: project_id, epoch } = actor;
  return {
    ord,
    run_id,
    project_id,
    epoch,
    message,
    data: chunkData(streamId, chunks, done),
    bytes,
    stream_id: streamId,
    sequence,
  };
}

function streamedOut(): AppError {
  const megabytes = MAX_RUN_CHUNK_BYTES / (1024 * 1024);
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    `this run has streamed all it may, which is ${megabytes} MB; store the rest elsewhere and stream where it is`,
  );
}
