import type { Clock } from './clock.ts';
import type { StreamOptions } from './context.ts';
import { sound } from './describe-error.ts';
import { BatonError, RunAbortedError } from './errors.ts';

/** Least time between two requests, in which pieces are gathered: 200 pieces a second become 40 requests. */
const GATHER_MS = 25;
/** What one request carries at most; Baton takes 500 pieces and 64 KB of JSON. */
const MAX_PIECES = 500;
const MAX_REQUEST_BYTES = 60_000;
/** Text that waits to be sent at most, in UTF-16 code units; a server that is away for long must not cost the executor its memory. */
const MAX_WAITING = 16 * 1024 * 1024;
/** A piece as long as this fits into a request, whatever JSON makes of its characters. */
const MAX_PIECE = 10_000;
const PAYLOAD_TOO_LARGE = 413;

const encoder = new TextEncoder();

/** The part of a stream that one request carries. */
interface Batch {
  readonly streamId: string;
  /** Its number in the stream, by which Baton knows it when it is sent again. */
  readonly sequence: number;
  readonly chunks: string[];
  bytes: number;
  done: boolean;
}

/** Sends streamed text in the background, in order, several pieces to a request. */
export interface ChunkSender {
  push(chunk: string, options?: StreamOptions): void;
  /** Resolves when everything pushed has been sent or given up on. */
  flush(): Promise<void>;
  /** Takes nothing more and forgets what is not sent; answers how many pieces that were. */
  close(): number;
}

interface ChunkSenderDeps {
  /** Sends the body of one request, and may repeat it for as long as it likes. */
  readonly send: (json: string) => Promise<unknown>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Makes a {@link ChunkSender}. What Baton refuses to store, or what there is no room for, is told to `onError` once. */
export function makeChunkSender({ send, clock, onError }: ChunkSenderDeps): ChunkSender {
  const queue: Batch[] = [];
  /** Of each stream with something in the queue, what was queued last. */
  const newest = new Map<string, Batch>();
  /** How many requests each stream has had. */
  const counts = new Map<string, number>();
  let waiting = 0;
  let dropped = 0;
  let closed = false;
  let sending: Promise<void> | null = null;
  let hurry = new AbortController();

  function close(): number {
    closed = true;
    return queue.splice(0).reduce((sum, { chunks }) => sum + chunks.length, dropped);
  }

  async function drain(): Promise<void> {
    for (let batch = queue.shift(); batch; batch = queue.shift()) {
      for (const chunk of batch.chunks) waiting -= chunk.length;
      if (newest.get(batch.streamId) === batch) newest.delete(batch.streamId);
      try {
        await send(toJson(batch));
      } catch (error) {
        if (!(error instanceof RunAbortedError)) onError(error);
        if (error instanceof RunAbortedError || isRefusedForGood(error)) close();
      }
      // Rejects when somebody waits for the end, which is no time to gather.
      await clock.sleep(GATHER_MS, hurry.signal).catch(() => {});
    }
    sending = null;
  }

  function add(chunk: string, streamId: string, done: boolean): void {
    const bytes = encoder.encode(JSON.stringify(chunk)).length + 1;
    let batch = newest.get(streamId);
    if (!batch || batch.done || batch.chunks.length >= MAX_PIECES || batch.bytes + bytes > MAX_REQUEST_BYTES) {
      const sequence = (counts.get(streamId) ?? 0) + 1;
      counts.set(streamId, sequence);
      batch = { streamId, sequence, chunks: [], bytes: 0, done: false };
      newest.set(streamId, batch);
      queue.push(batch);
    }
    batch.chunks.push(chunk);
    batch.bytes += bytes;
    batch.done = done;
    waiting += chunk.length;
  }

  return {
    push(chunk, { streamId = 'default', done = false } = {}) {
      if (closed) return;
      if (waiting + chunk.length > MAX_WAITING) {
        if (dropped === 0) onError(new Error('streamed text is dropped: it comes faster than it can be sent'));
        dropped += 1;
        return;
      }
      const parts = split(sound(chunk));
      for (const [index, part] of parts.entries()) add(part, streamId, done && index === parts.length - 1);
      // After this turn of the event loop, so that what a handler says in one breath leaves in one request.
      sending ??= Promise.resolve().then(drain);
    },
    async flush() {
      hurry.abort();
      await sending;
      hurry = new AbortController();
    },
    close,
  };
}

function toJson({ streamId, sequence, chunks, done }: Batch): string {
  const text = chunks.length === 1 ? { chunk: chunks[0] } : { chunks };
  return JSON.stringify({ ...text, stream_id: streamId, sequence, ...(done && { done }) });
}

/** Pieces that fit into a request, cut between characters. */
function split(chunk: string): string[] {
  const parts: string[] = [];
  for (let rest = chunk; ; ) {
    if (rest.length <= MAX_PIECE) return [...parts, rest];
    // The first half of a surrogate pair must not be the end of a part.
    const at = /[\uD800-\uDBFF]/.test(rest.charAt(MAX_PIECE - 1)) ? MAX_PIECE - 1 : MAX_PIECE;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
}

/** The run has streamed all it may; what comes would be refused too. */
function isRefusedForGood(error: unknown): boolean {
  return error instanceof BatonError && error.status === PAYLOAD_TOO_LARGE;
}
