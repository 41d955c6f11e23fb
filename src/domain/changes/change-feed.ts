import type { Pool } from 'pg';
import type { WakeHub } from '../../db/wake-hub.ts';
import { type FeedCursor, hasSeen } from './feed-cursor.ts';
import { type ChangeNote, type ChangePage, readChanges } from './read-changes.ts';

/** The least time between two readings: what changes within it is told together. */
const MIN_GAP_MS = 200;
/** A hint may be missed; nobody waits longer than this for what is already noted. */
const CHECK_MS = 5_000;
const RETRY_MS = 1_000;

/** What somebody does who follows the runs of a project. */
export interface Following {
  /** The place in the feed up to which everything has been told. */
  cursor(): FeedCursor;
  stop(): void;
}

/** Tells, within this process, which runs of a project changed, whichever process changed them. */
export interface ChangeFeed {
  /**
   * Calls back with every page of changes after `after`, or from now on, without a gap and each change once. The call must not throw. A
   * page whose notes are null means that something may have been missed. The first page comes before this resolves; without `after` it
   * is such a one, since nobody can say what was before.
   */
  follow(projectId: string, after: FeedCursor | null, onPage: (page: ChangePage) => void): Promise<Following>;
  /** How many follow, for leak tests. */
  followers(): number;
  /** Stops reading; what is followed falls silent. */
  close(): Promise<void>;
}

interface Follower {
  /** Shared readings begin before it came and bring what it has been given already. */
  readonly from: FeedCursor;
  readonly onPage: (page: ChangePage) => void;
}

interface ChangeFeedDeps {
  readonly reads: Pool;
  readonly hub: Pick<WakeHub, 'onStir'>;
  /** A reading failed and is tried again; nothing is lost. */
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the one {@link ChangeFeed} of a process. All projects that are followed are read together by one query, when a hint came and at
 * most every {@link MIN_GAP_MS}, or after {@link CHECK_MS} without one; while nobody follows there is none.
 *
 * Readings take place one after the other: a newcomer reads for himself from his own cursor and joins before the next shared one, so his
 * project is in every reading whose end is later than that cursor.
 */
export function makeChangeFeed(deps: ChangeFeedDeps): ChangeFeed {
  const projects = new Map<string, Set<Follower>>();
  let since: FeedCursor | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  let dueAt = Number.POSITIVE_INFINITY;
  let lastReadAt = Number.NEGATIVE_INFINITY;
  let unsubscribe: (() => void) | null = null;
  let closed = false;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  }

  function scheduleIn(ms: number): void {
    const at = performance.now() + ms;
    if (closed || projects.size === 0 || at >= dueAt) return;
    if (timer) clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => {
      timer = null;
      dueAt = Number.POSITIVE_INFINITY;
      void inTurn(readAll).then(
        () => scheduleIn(CHECK_MS),
        (error: unknown) => {
          deps.onError(error);
          scheduleIn(RETRY_MS);
        },
      );
    }, ms);
  }

  function onStir(): void {
    scheduleIn(Math.max(0, lastReadAt + MIN_GAP_MS - performance.now()));
  }

  async function readAll(): Promise<void> {
    if (projects.size === 0) return;
    lastReadAt = performance.now();
    const page = await readChanges(deps.reads, { projectIds: [...projects.keys()], after: since });
    since = projects.size > 0 ? page.cursor : null;
    const byProject = Map.groupBy(page.notes ?? [], ({ projectId }) => projectId);
    for (const [projectId, followers] of projects) {
      for (const follower of [...followers]) hand(follower, page, byProject.get(projectId) ?? []);
    }
  }

  async function join(projectId: string, after: FeedCursor | null, onPage: Follower['onPage']): Promise<Following> {
    const first = await readChanges(deps.reads, { projectIds: [projectId], after });
    onPage(after ? first : { ...first, notes: null });
    since ??= first.cursor;
    const follower: Follower = { from: first.cursor, onPage };
    const followers = projects.get(projectId) ?? new Set();
    projects.set(projectId, followers.add(follower));
    unsubscribe ??= deps.hub.onStir(onStir);
    scheduleIn(CHECK_MS);
    return {
      cursor: () => (since && since.takenAtMs > first.cursor.takenAtMs ? since : first.cursor),
      stop() {
        followers.delete(follower);
        if (followers.size === 0 && projects.get(projectId) === followers) projects.delete(projectId);
        if (projects.size === 0) rest();
      },
    };
  }

  function rest(): void {
    since = null;
    if (timer) clearTimeout(timer);
    timer = null;
    dueAt = Number.POSITIVE_INFINITY;
    unsubscribe?.();
    unsubscribe = null;
  }

  return {
    follow: (projectId, after, onPage) => inTurn(() => join(projectId, after, onPage)),
    followers: () => [...projects.values()].reduce((sum, followers) => sum + followers.size, 0),
    async close() {
      closed = true;
      rest();
      await queue;
    },
  };
}

function hand({ from, onPage }: Follower, page: ChangePage, notes: readonly ChangeNote[]): void {
  if (page.notes === null) {
    onPage(page);
    return;
  }
  const unseen = notes.filter(({ xid }) => !hasSeen(from.snapshot, xid));
  if (unseen.length > 0) onPage({ cursor: page.cursor, notes: unseen });
}
