import { AppError } from '../../core/errors.ts';

/**
 * Which transactions a reader of the feed has seen, in Postgres' own terms. Transactions get their numbers when they begin to write and
 * commit in another order, so a single number could not say it.
 */
export interface Snapshot {
  /** Every transaction below it had ended. */
  readonly xmin: number;
  /** No transaction from it on had begun. */
  readonly xmax: number;
  /** Those in between that were still under way. */
  readonly underWay: ReadonlySet<number>;
  /** As Postgres writes it. */
  readonly text: string;
}

/** A place in the feed. */
export interface FeedCursor {
  readonly snapshot: Snapshot;
  /** When it was taken, by the clock of the database, in milliseconds since 1970. */
  readonly takenAtMs: number;
}

/** How long after a cursor was taken the feed can be resumed from it, in milliseconds. Notes are kept for twice as long. */
export const RESUMABLE_MS = 5 * 60_000;

const SNAPSHOT = /^(\d{1,15}):(\d{1,15}):((?:\d{1,15},)*\d{1,15})?$/;
/** Far more than the connections of a database, and what a header can hold. */
const MAX_TEXT = 8_192;

/** Reads a snapshot as Postgres writes it; null for what is none, which Postgres would refuse as well. */
export function parseSnapshot(text: string): Snapshot | null {
  const parts = text.length <= MAX_TEXT ? SNAPSHOT.exec(text) : null;
  if (!parts) return null;
  const xmin = Number(parts[1]);
  const xmax = Number(parts[2]);
  const underWay = parts[3]?.split(',').map(Number) ?? [];
  const isOrdered = underWay.every((xid, index) => xid >= xmin && xid < xmax && xid > (underWay[index - 1] ?? 0));
  return xmin > 0 && xmin <= xmax && isOrdered ? { xmin, xmax, underWay: new Set(underWay), text } : null;
}

/** Whether what a transaction wrote was seen with the snapshot. */
export function hasSeen({ xmin, xmax, underWay }: Snapshot, xid: number): boolean {
  return xid < xmin || (xid < xmax && !underWay.has(xid));
}

/** Writes a cursor for clients, to whom it is opaque. */
export function encodeFeedCursor({ snapshot, takenAtMs }: FeedCursor): string {
  return Buffer.from(`${takenAtMs} ${snapshot.text}`).toString('base64url');
}

/** Reads a cursor that {@link encodeFeedCursor} wrote; BAD_REQUEST for anything else. */
export function decodeFeedCursor(text: string): FeedCursor {
  const [, takenAt = '', rest = ''] =
    /^(\d{1,15}) (.*)$/.exec(text.length <= 2 * MAX_TEXT ? Buffer.from(text, 'base64url').toString() : '') ?? [];
  const snapshot = parseSnapshot(rest);
  if (!snapshot) throw new AppError('BAD_REQUEST', 'after must be the cursor of an event of this subscription');
  return { snapshot, takenAtMs: Number(takenAt) };
}

/**
 * Whether everything since `from` can still be told at `now`. Not when it was taken too long ago, and not when it comes from the future:
 * a database that was restored counts its transactions anew.
 */
export function isResumable(from: FeedCursor, now: FeedCursor): boolean {
  const ageMs = now.takenAtMs - from.takenAtMs;
  return ageMs >= -RESUMABLE_MS && ageMs <= RESUMABLE_MS && from.snapshot.xmax <= now.snapshot.xmax;
}
