import type { RunStatus } from '../../core/run-state.ts';
import type { StatusBefore } from './change-statement.ts';
import type { FeedCursor } from './feed-cursor.ts';
import type { ChangeNote, ChangePage } from './read-changes.ts';

/** Runs that may wait to be told to one reader; one that is further behind is better off looking at the runs themselves. */
const MAX_RUNS = 10_000;

/** What happened to a run since it was last told, however often it changed meanwhile. */
export interface PendingChange {
  readonly runId: string;
  /** The status before the first of the changes; null when none of them was one of status. */
  readonly was: StatusBefore | null;
  /** Every status it has had since. */
  readonly passed: ReadonlySet<RunStatus>;
  /** Whether payload, metadata or idempotency key changed too. */
  readonly isData: boolean;
  /** The event that tells of the first change of status. */
  readonly seq: number;
}

/** What is to be told next. */
export interface PendingPage {
  /** Where the reader stands once it has been told: unchanged while there is more of the same reading. */
  readonly cursor: FeedCursor;
  /** Null when something may have been missed. */
  readonly changes: readonly PendingChange[] | null;
  /** When the oldest of the changes was made. */
  readonly oldestAt: Date | null;
}

/** What one reader has not been told yet, one entry per run; its memory is bounded by {@link MAX_RUNS}. */
export interface PendingChanges {
  add(page: ChangePage): void;
  /** Takes up to `limit` runs out, null when there is nothing to tell. */
  take(limit: number): PendingPage | null;
}

/**
 * Makes {@link PendingChanges} for a reader that stands at `start`, or nowhere yet. With `losesPlaceOnAny` a note that names no runs means
 * that anything may have been missed: what the filter says of the runs has changed, not the runs.
 */
export function makePendingChanges(start: FeedCursor | null, losesPlaceOnAny: boolean): PendingChanges {
  const runs = new Map<string, PendingChange>();
  let told = start;
  let newest: FeedCursor | null = null;
  let isLost = false;
  let oldestAt: Date | null = null;

  function lose(): void {
    isLost = true;
    runs.clear();
    oldestAt = null;
  }

  return {
    add({ cursor, notes }) {
      newest = cursor;
      if (notes === null || (losesPlaceOnAny && notes.some(({ was }) => was === 'any'))) return lose();
      for (const note of notes) {
        if (note.runId === null) continue;
        if (oldestAt === null || note.createdAt < oldestAt) oldestAt = note.createdAt;
        runs.set(note.runId, withNote(runs.get(note.runId), note, note.runId));
      }
      if (runs.size > MAX_RUNS) lose();
    },
    take(limit) {
      if (!newest) return null;
      if (isLost) {
        isLost = false;
        told = newest;
        return { cursor: told, changes: null, oldestAt: null };
      }
      if (runs.size === 0) return null;
      const changes: PendingChange[] = [];
      for (const change of runs.values()) {
        if (changes.length === limit) break;
        changes.push(change);
      }
      for (const { runId } of changes) runs.delete(runId);
      const page = { changes, oldestAt };
      if (runs.size === 0) {
        told = newest;
        oldestAt = null;
      }
      return { ...page, cursor: told ?? newest };
    },
  };
}

/** Transactions commit in another order than they begin, so the events say which change was first. */
function withNote(known: PendingChange | undefined, note: ChangeNote, runId: string): PendingChange {
  const isFirst = note.was !== null && (known === undefined || known.was === null || note.seq < known.seq);
  const passed = new Set(known?.passed);
  if (note.becomes) passed.add(note.becomes);
  return {
    runId,
    was: isFirst ? note.was : (known?.was ?? null),
    seq: isFirst ? note.seq : (known?.seq ?? note.seq),
    passed,
    isData: note.isData || (known?.isData ?? false),
  };
}
