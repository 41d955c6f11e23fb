import { Repeater } from '@repeaterjs/repeater';
import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { compileFilter, type RunFilter } from '../runs/filter.ts';
import { makeGate } from '../runs/gate.ts';
import type { ChangeFeed } from './change-feed.ts';
import { decodeFeedCursor, encodeFeedCursor, type FeedCursor } from './feed-cursor.ts';
import { judgeChanges, type RunChange } from './judge-changes.ts';
import { makePendingChanges } from './pending-changes.ts';

/** Runs told by one event. */
const PAGE = 100;
/** After this long without a change the reader is given a new cursor: the one it has would soon be too old to go on from. */
const FRESHEN_MS = 120_000;

/** What changed in a live list. */
export interface RunListChange {
  /** Where to go on after this event. */
  readonly cursor: string;
  /** The reader must load its list anew: this is the first event, or changes may have been missed. */
  readonly isReset: boolean;
  readonly changes: readonly RunChange[];
  /** When the oldest of them was made; null when there are none. */
  readonly oldestAt: Date | null;
}

/** Which live list to follow. */
export interface WatchRuns {
  /** The caller's own when left out. */
  readonly projectId?: string | undefined;
  readonly filter: RunFilter;
  /** The cursor of the last event seen; null begins anew. */
  readonly after: string | null;
}

interface WatchDeps {
  readonly reads: Pool;
  readonly changes: ChangeFeed;
}

/**
 * Follows the list of runs that a filter means: which ones come into it, change in it and leave it. The first event is a reset, unless
 * `after` can be gone on from; whoever loads the list after a reset and applies what follows has what the query answers, a moment later.
 * What happens to a run between two events is told as one change. NOT_FOUND for a project of somebody else, BAD_REQUEST for a filter or
 * a cursor that cannot be used.
 *
 * Nothing is read ahead of the consumer: what changes meanwhile is gathered by run, and beyond a bound replaced by a reset.
 */
export async function watchRuns(
  actor: Actor,
  { projectId, filter, after }: WatchRuns,
  deps: WatchDeps,
): Promise<AsyncIterable<RunListChange>> {
  requireScope(actor, 'runs:read');
  if (projectId !== undefined && projectId !== actor.projectId) throw notFound('project');
  compileFilter(actor, filter);
  const from = after === null ? null : decodeFeedCursor(after);
  const namesJobBySlug = filter.job !== undefined && !isUuid(filter.job);

  return new Repeater<RunListChange>(async (push, stop) => {
    const gate = makeGate();
    let stopped = false;
    void stop.then(() => {
      stopped = true;
      gate.open();
    });
    const pending = makePendingChanges(from, namesJobBySlug);
    const following = await deps.changes.follow(actor.projectId, from, (page) => {
      pending.add(page);
      gate.open();
    });
    let toldAt = performance.now();
    const tell = async (fields: Partial<RunListChange> & { readonly at: FeedCursor }): Promise<void> => {
      const { at, ...rest } = fields;
      toldAt = performance.now();
      await push({ isReset: false, changes: [], oldestAt: null, ...rest, cursor: encodeFeedCursor(at) });
    };
    try {
      while (!stopped) {
        const page = pending.take(PAGE);
        if (!page) {
          if (performance.now() - toldAt >= FRESHEN_MS) await tell({ at: following.cursor() });
          await gate.pass(FRESHEN_MS);
        } else if (page.changes === null) {
          await tell({ at: page.cursor, isReset: true });
        } else {
          const changes = await judgeChanges(actor, { filter, changes: page.changes }, deps);
          if (changes.length > 0 && !stopped) await tell({ at: page.cursor, changes, oldestAt: page.oldestAt });
        }
      }
      stop();
    } finally {
      following.stop();
    }
  });
}
