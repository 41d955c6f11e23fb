import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { ProcessLine } from '../core/outcome.ts';

/** What is kept of the output of a process. A line beyond a limit is left out and counted, and the count is told at the end. */
export interface OutputLimits {
  /** Characters of a line; the rest of it is cut. */
  readonly lineLength: number;
  /** Lines kept in a second, after the first of them. */
  readonly linesPerSecond: number;
  /** Lines that may come at once before that. */
  readonly burst: number;
  /** Lines of one attempt. */
  readonly lines: number;
  /** Bytes read in a second; a process that writes faster has to wait, as for any slow reader. */
  readonly bytesPerSecond: number;
}

const SECOND = 1_000;

/** The limits of {@link OutputLimits}. */
export const OUTPUT_LIMITS: OutputLimits = {
  lineLength: 8_192,
  linesPerSecond: 100,
  burst: 1_000,
  lines: 10_000,
  bytesPerSecond: 1_048_576,
};

/** Lines that are being stored at once; while as many are, further ones are left out: the database is away. */
const MAX_PENDING = 1_000;
/** How long the end waits for lines that are being stored. */
const FLUSH_MS = 5_000;
/** How long the end waits for pipes that something else holds open. */
const CLOSE_MS = 1_000;
/** Characters of standard error kept for the message of a failure. */
const TAIL_LENGTH = 1_024;

/** What a process writes, on its way to the events of its run. */
export interface ProcessOutput {
  /** The end of what came over standard error, at most 1,024 characters. */
  tail(): string;
  /** Resolves when everything that was written has been read and passed on, or a few seconds later when that does not end. */
  finish(): Promise<void>;
}

interface Streams {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Reads both streams of a process, line by line, and passes on what the limits allow. */
export function readOutput(
  streams: Streams,
  onLine: (line: ProcessLine) => Promise<boolean>,
  limits: OutputLimits = OUTPUT_LIMITS,
): ProcessOutput {
  const pending = new Set<Promise<void>>();
  let wanted = true;
  let kept = 0;
  let leftOut = 0;
  let tokens = limits.burst;
  let refilledAt = performance.now();
  let tail = '';

  function mayKeep(): boolean {
    const now = performance.now();
    tokens = Math.min(limits.burst, tokens + ((now - refilledAt) / SECOND) * limits.linesPerSecond);
    refilledAt = now;
    return tokens >= 1 && kept < limits.lines && pending.size < MAX_PENDING;
  }

  function pass(line: ProcessLine): void {
    const sent = onLine(line)
      .then(
        (more) => {
          wanted &&= more;
        },
        () => {
          leftOut++;
        },
      )
      .finally(() => pending.delete(sent));
    pending.add(sent);
  }

  function take(line: ProcessLine): void {
    if (line.stream === 'stderr') tail = `${tail}${line.text}\n`.slice(-TAIL_LENGTH);
    if (!wanted || line.text === '') return;
    if (!mayKeep()) {
      leftOut++;
      return;
    }
    tokens--;
    kept++;
    pass(line);
  }

  const ends = (['stdout', 'stderr'] as const).map((stream) =>
    readLines(streams[stream], limits, (text) => take({ stream, text })),
  );

  return {
    tail: () => tail.trim().toWellFormed(),
    async finish() {
      await within(CLOSE_MS, Promise.all(ends));
      for (const stream of [streams.stdout, streams.stderr]) stream.destroy();
      await within(FLUSH_MS, Promise.all(pending));
      if (leftOut === 0 || !wanted) return;
      pass({ stream: 'stderr', text: `${leftOut} lines of output were left out: more than a run may keep` });
      await within(FLUSH_MS, Promise.all(pending));
    },
  };
}

/** Splits a stream into lines, cut to a length, no faster than the limit; resolves at its end. */
function readLines(stream: Readable, limits: OutputLimits, onLine: (text: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let budget = limits.bytesPerSecond;
  let budgetAt = performance.now();

  function add(text: string): void {
    const pieces = text.split('\n');
    pieces.forEach((piece, index) => {
      if (line.length <= limits.lineLength) line += piece.slice(0, limits.lineLength + 1 - line.length);
      if (index < pieces.length - 1) flush();
    });
  }

  function flush(): void {
    const whole = line.length <= limits.lineLength;
    const text = whole ? line.replace(/\r$/, '') : `${line.slice(0, limits.lineLength)}…`;
    line = '';
    // Postgres holds neither a NUL nor half a surrogate pair.
    onLine(text.replaceAll('\0', '\ufffd').toWellFormed());
  }

  function throttle(bytes: number): void {
    const now = performance.now();
    if (now - budgetAt >= SECOND) {
      budget = limits.bytesPerSecond;
      budgetAt = now;
    }
    budget -= bytes;
    if (budget > 0) return;
    stream.pause();
    setTimeout(() => stream.resume(), Math.max(0, budgetAt + SECOND - now));
  }

  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      add(decoder.write(chunk));
      throttle(chunk.length);
    });
    stream.once('end', () => {
      add(decoder.end());
      if (line !== '') flush();
      resolve();
    });
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
  });
}

/** Resolves with the work, or when the milliseconds are over. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const armed = setTimeout(timer.resolve, milliseconds);
  await Promise.race([work, timer.promise]);
  clearTimeout(armed);
}
