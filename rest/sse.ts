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

/** Event streams that are open now, so that a stopping server can end them. */
export interface OpenStreams {
  /**
   * Sends everything a source yields until it ends, its reader leaves or the streams are closed; resolves then, the source returned.
   * Rejects with what the source threw. Headers must have been written.
   */
  readonly pump: <T>(res: ServerResponse, source: AsyncIterator<T>, frame: (item: T) => string) => Promise<void>;
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
    async pump(res, source, frame) {
      // Not awaited: a source blocked in next() ends that call first, and one that never does must not hold us.
      const stop = (): void => void source.return?.().catch(ignoreLateFailure);
      const beat = setInterval(heartbeat(res), heartbeatMs);
      open.set(res, stop);
      res.once('close', stop);
      try {
        res.write(COMMENT);
        while (!res.destroyed && !closing) {
          const next = await source.next();
          if (next.done || res.destroyed) break;
          if (!res.write(frame(next.value))) await drained(res);
        }
        if (closing) res.write(`retry: ${RECONNECT_MS}\n\n`);
      } finally {
        clearInterval(beat);
        open.delete(res);
        res.off('close', stop);
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
