import { useEffect, useMemo, useRef } from 'react';
import { useLive } from '../api/use-live.ts';
import { type RunEvent, RunEventsSubscription } from './run-documents.ts';

/** Events that come within this time are told together, so that a run that writes a thousand lines a second renders twenty times. */
const GATHER_MS = 50;
/** A page in the background is not drawn, but is told: no more than this is gathered before it is passed on. */
const MOST_GATHERED = 500;

type Listener = (events: readonly RunEvent[]) => void;

/** What happens to the run of a page, told to all its parts by one subscription. */
export interface RunFeed {
  /** Calls `listener` with new events, in order and each once, until the function it returns is called. */
  readonly listen: (listener: Listener) => () => void;
}

interface FeedOptions {
  readonly runId: string;
  /** The number of the last event that is known; null follows nothing yet. */
  readonly after: number | null;
  /** Counts up when a run that had ended goes on: its story is followed anew. */
  readonly round: number;
  /** The run has ended, and everything is told. */
  readonly onEnd: () => void;
  /** The server does not let it be followed, and says why. */
  readonly onRefused: (message: string) => void;
}

/** Follows the story of a run, across interruptions, without losing or repeating an event. */
export function useRunFeed({ runId, after, round, onEnd, onRefused }: FeedOptions): RunFeed {
  const listeners = useRef(new Set<Listener>());
  const last = useRef(0);
  const gathered = useRef<RunEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  function tell(): void {
    clearTimeout(timer.current);
    timer.current = undefined;
    const events = gathered.current;
    gathered.current = [];
    if (events.length > 0) for (const listener of listeners.current) listener(events);
  }

  useLive(after === null ? null : `${runId} ${round}`, {
    document: RunEventsSubscription,
    variables: (cursor) => ({ runId, after: cursor === null ? Math.max(after ?? 0, last.current) : Number(cursor) }),
    cursor: ({ runEvents }) => String(runEvents.seq),
    onData({ runEvents: event }) {
      if (event.seq <= last.current) return;
      last.current = event.seq;
      gathered.current.push(event);
      if (gathered.current.length >= MOST_GATHERED) tell();
      else timer.current ??= setTimeout(tell, GATHER_MS);
    },
    onEnd() {
      tell();
      onEnd();
    },
    onRefused,
  });
  useEffect(() => () => clearTimeout(timer.current), []);

  return useMemo(
    () => ({
      listen(listener) {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [],
  );
}

/** Tells a component of what happens to the run; `listener` may be new on every render. */
export function useRunEvents(feed: RunFeed, listener: Listener): void {
  const current = useRef(listener);
  current.current = listener;
  useEffect(() => feed.listen((events) => current.current(events)), [feed]);
}
