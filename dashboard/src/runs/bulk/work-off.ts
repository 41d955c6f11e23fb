/** What came of a piece of the work. */
export interface Piece {
  /** How many runs the piece was about. */
  readonly total: number;
  readonly done: number;
  /** Those that it was not done to, and why. */
  readonly failures: readonly Failure[];
  /** Where the next piece begins; null after the last. */
  readonly next: string | null;
}

/** A run that something was not done to. */
export interface Failure {
  readonly id: string;
  readonly error: string;
}

/** How far the work is. */
export interface Progress {
  readonly handled: number;
  readonly done: number;
  readonly failed: number;
  /** The first {@link MAX_FAILURES} of those that failed. */
  readonly failures: readonly Failure[];
}

/** Failures that are told one by one. */
export const MAX_FAILURES = 100;

/** Nothing is done yet. */
export const NO_PROGRESS: Progress = { handled: 0, done: 0, failed: 0, failures: [] };

interface Work {
  /** Does the piece that begins at `at`, null for the first. */
  readonly doPiece: (at: string | null) => Promise<Piece>;
  readonly onProgress: (progress: Progress) => void;
  /** Asked between two pieces: what has been sent is done to its end. */
  readonly isStopped: () => boolean;
}

/** Works piece by piece until nothing is left or it is stopped; rejects when a piece could not be done at all. */
export async function workOff({ doPiece, onProgress, isStopped }: Work): Promise<void> {
  let progress = NO_PROGRESS;
  for (let at: string | null = null; ; ) {
    const piece = await doPiece(at);
    progress = {
      handled: progress.handled + piece.total,
      done: progress.done + piece.done,
      failed: progress.failed + piece.total - piece.done,
      failures: [...progress.failures, ...piece.failures].slice(0, MAX_FAILURES),
    };
    onProgress(progress);
    if (piece.next === null || isStopped()) return;
    at = piece.next;
  }
}
