import type { ServerResponse } from 'node:http';
import { drained } from './drained.ts';

/** One server-sent event before framing. */
export interface SseEvent {
  /** The cursor; null sends none (an error event must not move it). */
  readonly id: string | null;
  readonly event: string | null;
  /** Any text; each of its lines becomes a `data:` line. */
  readonly data: string;
}

/** Milliseconds between comments that keep proxies from closing a silent stream. */
export const HEARTBEAT_MS = 15_000;

/** A reader that took nothing for this many heartbeats is cut off; it comes back with its cursor when it can read again. */
const STALLED_BEATS = 4;

/** Milliseconds an EventSource waits before it reconnects to a server that is going away. */
const RECONNECT_MS = 2_000;

const COMMENT = ':\n\n';
const LINE_BREAK = /\r\n|\r|\n/;

/**
 * Text of one event. A name or id that a line break or NUL could split is left out rather than sent: it may hold a user's text, and
 * must not be able to forge a frame.
 */
export function sseFrame({ id, event, data }: SseEvent): string {
  const head = `${field('event', event)}${field('id', id)}`;
  return `${head}${data
    .split(LINE_BREAK)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}

/**
 * Why a stream is over: its source has ended, its reader has left, `stop` said so, or the server goes away and its reader has been asked
 * to come back.
 */
export type StreamEnd = 'ended' | 'gone' | 'stopped' | 'closed';

/** Event streams that are open now, so that a stopping server can end them. */
export interface OpenStreams {
  /**
   * Sends everything a source yields until it ends, its reader leaves, `stop` is aborted or the streams are closed; resolves then with
   * which of them it was, the source returned. Rejects with what the source threw. Headers must have been written; the response is for
   * the caller to end.
   */
  readonly pump: <T>(
    res: ServerResponse,
    source: AsyncIterator<T>,
    frame: (item: T) => string,
    stop?: AbortSignal,
  ) => Promise<StreamEnd>;
  /** Asks every reader to come back later and ends its stream; a stream opened afterwards ends at once. */
  readonly closeAll: () => void;
  /** How many streams are open. */
  readonly size: () => number;
}

/**
 * Makes the set of open streams. One invariant holds for each: the next item is pulled only when the last one has left our buffer, so
 * a reader that stops reading costs one item and the socket's buffer, however much its source has to say.
 */
export function makeOpenStreams(heartbeatMs: number = HEARTBEAT_MS): OpenStreams {
  const open = new Map<ServerResponse, () => void>();
  let closing = false;
  return {
    async pump(res, source, frame, signal) {
      // Not awaited: a source blocked in next() ends that call first, and one that never does must not hold us.
      const stop = (): void => void source.return?.().catch(ignoreLateFailure);
      const whyStopped = (): StreamEnd | null => {
        if (res.destroyed) return 'gone';
        if (signal?.aborted) return 'stopped';
        return closing ? 'closed' : null;
      };
      const beat = setInterval(heartbeat(res), heartbeatMs);
      open.set(res, stop);
      res.once('close', stop);
      signal?.addEventListener('abort', stop);
      try {
        res.write(COMMENT);
        let end = whyStopped();
        while (!end) {
          const next = await source.next();
          end = whyStopped() ?? (next.done ? 'ended' : null);
          if (!end && !res.write(frame(next.value))) await drained(res);
          end ??= whyStopped();
        }
        if (end === 'closed') res.write(`retry: ${RECONNECT_MS}\n\n`);
        return end;
      } finally {
        clearInterval(beat);
        open.delete(res);
        res.off('close', stop);
        signal?.removeEventListener('abort', stop);
        stop();
      }
    },
    closeAll() {
      closing = true;
      for (const [res, stop] of open) {
        // A reader that is not reading could hold the shutdown for as long as it likes.
        if (res.writableNeedDrain) res.destroy();
        stop();
      }
    },
    size: () => open.size,
  };
}

function heartbeat(res: ServerResponse): () => void {
  let missed = 0;
  return () => {
    missed = res.writableNeedDrain ? missed + 1 : 0;
    if (missed >= STALLED_BEATS) res.destroy();
    else if (missed === 0) res.write(COMMENT);
  };
}

function field(name: string, value: string | null): string {
  return value === null || /[\r\n\0]/.test(value) ? '' : `${name}: ${value}\n`;
}

/** The reader has left; how its source ends concerns nobody. */
function ignoreLateFailure(): void {}
