import { RunAbortedError } from './errors.ts';

const MAX_LOG_LINES = 1_000;

/** Something told to Baton in passing: a route and JSON text. */
export interface Note {
  readonly route: 'log' | 'progress' | 'usage' | 'tool-call';
  readonly json: string;
}

/**
 * Sends notes in the background, one at a time and in order. A newer progress report replaces one not yet sent. When the queue is
 * full, log lines are dropped, and one line says how many: a handler that logs faster than the server stores must cost neither
 * unbounded memory nor its own time. What was used and called is never dropped: it is worth money.
 */
export interface Outbox {
  push(note: Note): void;
  /** Resolves when everything pushed has been sent or given up on. */
  flush(): Promise<void>;
  /** Takes nothing more and forgets what is not sent; answers how many notes that were. */
  close(): number;
}

/** Makes an outbox over `send`, which may repeat a note for as long as it likes; errors it gives up with are told to `onError`. */
export function makeOutbox(send: (note: Note) => Promise<unknown>, onError: (error: unknown) => void): Outbox {
  const queue: Note[] = [];
  let logLines = 0;
  let dropped = 0;
  let closed = false;
  let sending: Promise<void> | null = null;

  function close(): number {
    closed = true;
    return queue.splice(0).length;
  }

  function next(): Note | undefined {
    const note = queue.shift();
    if (note?.route === 'log') logLines -= 1;
    if (note || closed || dropped === 0) return note;
    const message = `${dropped} log lines were dropped: they came faster than they could be sent`;
    dropped = 0;
    return { route: 'log', json: JSON.stringify({ level: 'warn', message }) };
  }

  async function drain(): Promise<void> {
    for (let note = next(); note; note = next()) {
      try {
        await send(note);
      } catch (error) {
        if (error instanceof RunAbortedError) close();
        else onError(error);
      }
    }
    sending = null;
  }

  function push(note: Note): void {
    if (closed) return;
    if (note.route === 'log') {
      if (logLines >= MAX_LOG_LINES) {
        dropped += 1;
        return;
      }
      logLines += 1;
    } else if (note.route === 'progress') {
      const unsent = queue.findIndex((other) => other.route === 'progress');
      if (unsent >= 0) queue.splice(unsent, 1);
    }
    queue.push(note);
    sending ??= drain();
  }

  return { push, flush: async () => void (await sending), close };
}
