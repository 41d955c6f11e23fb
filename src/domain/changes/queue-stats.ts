import type { Pool } from 'pg';
import type { ChangeFeed } from './change-feed.ts';
import { countQueue, type QueueStats } from './count-queue.ts';
import { makeEndedWindow } from './ended-window.ts';
import type { FeedCursor } from './feed-cursor.ts';

const TICK_MS = 1_000;

/** The queues that are watched in this process, each counted once however many watch it. */
export interface QueueStatsBoard {
  /** Watches a queue: `onNews` is called when {@link QueueWatch.latest} has changed. */
  watch(projectId: string, onNews: () => void): Promise<QueueWatch>;
  /** How many watch, for leak tests. */
  watchers(): number;
  close(): Promise<void>;
}

/** One watcher's hold on a queue. */
export interface QueueWatch {
  latest(): QueueStats;
  stop(): void;
}

interface BoardDeps {
  readonly reads: Pool;
  readonly changes: ChangeFeed;
  /** Counting failed and is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Makes the one {@link QueueStatsBoard} of a process. A queue in which nothing happens costs nothing. */
export function makeQueueStats(deps: BoardDeps): QueueStatsBoard {
  const queues = new Map<string, Promise<Queue>>();
  const sizes = new Map<string, number>();

  async function letGo(projectId: string): Promise<void> {
    const left = (sizes.get(projectId) ?? 1) - 1;
    if (left > 0) {
      sizes.set(projectId, left);
      return;
    }
    const queue = queues.get(projectId);
    sizes.delete(projectId);
    queues.delete(projectId);
    await queue?.then(
      ({ stop }) => stop(),
      () => undefined,
    );
  }

  return {
    async watch(projectId, onNews) {
      const opening = queues.get(projectId) ?? openQueue(projectId, deps);
      queues.set(projectId, opening);
      sizes.set(projectId, (sizes.get(projectId) ?? 0) + 1);
      try {
        const queue = await opening;
        queue.listeners.add(onNews);
        return {
          latest: queue.latest,
          stop() {
            queue.listeners.delete(onNews);
            void letGo(projectId);
          },
        };
      } catch (error) {
        await letGo(projectId);
        throw error;
      }
    },
    watchers: () => [...sizes.values()].reduce((sum, size) => sum + size, 0),
    async close() {
      await Promise.allSettled([...queues.values()].map(async (opening) => (await opening).stop()));
    },
  };
}

interface Queue {
  readonly listeners: Set<() => void>;
  latest(): QueueStats;
  stop(): void;
}

async function openQueue(projectId: string, deps: BoardDeps): Promise<Queue> {
  const listeners = new Set<() => void>();
  let ended = makeEndedWindow(deps.reads, projectId);
  /** Where the feed began anew, until the window has been read from there. */
  let gap: FeedCursor | null = null;
  let isDirty = false;
  let isCounting = false;
  const following = await deps.changes.follow(projectId, null, ({ notes, cursor }) => {
    isDirty = true;
    if (notes) {
      ended.add(notes);
      return;
    }
    ended = makeEndedWindow(deps.reads, projectId);
    gap = cursor;
  });
  let latest = await count().catch((error: unknown) => {
    following.stop();
    throw error;
  });
  const ticking = setInterval(tick, TICK_MS);

  async function count(): Promise<QueueStats> {
    isDirty = false;
    const window = ended;
    if (gap) {
      await window.load(gap);
      if (window === ended) gap = null;
    }
    const counted = await countQueue(deps.reads, projectId);
    return { ...counted, projectId, endedLastMinute: window.count(counted.at) };
  }

  function tick(): void {
    if (isCounting || (!isDirty && latest.endedLastMinute === 0)) return;
    isCounting = true;
    count().then(
      (next) => {
        isCounting = false;
        if (isSame(latest, next)) return;
        latest = next;
        for (const onNews of listeners) onNews();
      },
      (error: unknown) => {
        isCounting = false;
        isDirty = true;
        deps.onError(error);
      },
    );
  }

  return {
    listeners,
    latest: () => latest,
    stop() {
      clearInterval(ticking);
      following.stop();
    },
  };
}

function isSame(one: QueueStats, other: QueueStats): boolean {
  return JSON.stringify({ ...one, at: null }) === JSON.stringify({ ...other, at: null });
}
