import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { type Problem, toProblem } from '../api/problem.ts';
import { addLive, addNewer, addOlder, type EventWindow, newestWindow } from './event-window.ts';
import { isOpen, type LogFilter, matches, SHOWN_TYPES } from './log-filter.ts';
import { type RunEvent, RunEventsQuery } from './run-documents.ts';
import type { LiveRun } from './use-run.ts';
import { useRunEvents } from './use-run-feed.ts';

const PAGE = 100;

/** The part of a run's story that is on the screen. */
export interface RunLog {
  /** Null while the first page is on its way. */
  readonly window: EventWindow<RunEvent> | null;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
  /** Goes to the newest page, whatever was loaded before. */
  readonly loadNewest: () => void;
  /** Goes to the very first page. */
  readonly loadOldest: () => void;
}

interface LogOptions {
  readonly live: LiveRun;
  readonly filter: LogFilter;
  /** Whether the reader looks at the end. */
  readonly isFollowed: boolean;
}

type Place = 'newest' | 'oldest' | 'older' | 'newer';

/** Loads the story of a run from its end backwards and goes on with what happens; no more than a window of it is kept. */
export function useRunLog({ live, filter, isFollowed }: LogOptions): RunLog {
  const client = useClient();
  const { feed, takeNewest } = live;
  const { id } = live.run;
  const [window, setWindow] = useState<EventWindow<RunEvent> | null>(null);
  const [loading, setLoading] = useState<Place | null>('newest');
  const [problem, setProblem] = useState<Problem | null>(null);
  /** The question whose answer is waited for; an answer to an older one is not shown. */
  const question = useRef(0);
  /** What has happened since it was asked: its answer may be from before that. */
  const meanwhile = useRef<RunEvent[] | null>(null);
  const latest = useRef({ filter, isFollowed, window });
  latest.current = { filter, isFollowed, window };

  const ask = useCallback(
    async (place: Place) => {
      const { filter: asked, window: before } = latest.current;
      const edge = place === 'older' ? before?.events[0] : place === 'newer' ? before?.events.at(-1) : undefined;
      if ((place === 'older' || place === 'newer') && !edge) return;
      const mine = ++question.current;
      meanwhile.current = [];
      setLoading(place);
      const cursor = edge ? String(edge.seq) : null;
      const variables = {
        id,
        ...(asked.levels.length > 0 && { level: [...asked.levels] }),
        type: asked.types.length > 0 ? [...asked.types] : SHOWN_TYPES,
        ...(asked.search !== '' && { search: asked.search }),
        ...(place === 'newer' || place === 'oldest' ? { first: PAGE, after: cursor } : { last: PAGE, before: cursor }),
      };
      const { data, error } = await client.query(RunEventsQuery, variables, { requestPolicy: 'network-only' }).toPromise();
      if (mine !== question.current) return;
      const since = meanwhile.current ?? [];
      meanwhile.current = null;
      setLoading(null);
      setProblem(error ? toProblem(error) : null);
      if (!data) return;
      const { edges, pageInfo } = data.run.events;
      const page = edges.map(({ node }) => node);
      if (place === 'newest') {
        setWindow(addLive(newestWindow(page, pageInfo.hasPreviousPage), since, true));
        return;
      }
      if (place === 'oldest') {
        setWindow(addLive({ events: page, hasOlder: false, hasNewer: pageInfo.hasNextPage }, since, false));
        return;
      }
      setWindow((current) => {
        // The end that was asked about has been forgotten meanwhile: the page does not fit any more.
        if (!current || (place === 'older' ? current.events[0] : current.events.at(-1))?.seq !== edge?.seq) return current;
        if (place === 'older') return addOlder(current, page, pageInfo.hasPreviousPage);
        return addLive(addNewer(current, page, pageInfo.hasNextPage), since, latest.current.isFollowed);
      });
    },
    [client, id],
  );

  const key = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter is another story.
  useEffect(() => {
    const newest = takeNewest();
    if (newest && isOpen(filter)) {
      setWindow(
        newestWindow(
          newest.edges.map(({ node }) => node),
          newest.pageInfo.hasPreviousPage,
        ),
      );
      setLoading(null);
    } else {
      setWindow(null);
      void ask('newest');
    }
    return () => {
      question.current += 1;
    };
  }, [key, ask, takeNewest]);

  useRunEvents(feed, (events) => {
    const seen = events.filter((event) => matches(event, filter));
    if (seen.length === 0) return;
    meanwhile.current?.push(...seen);
    setWindow((current) => current && addLive(current, seen, isFollowed));
  });

  const load = (place: Place) => () => {
    if (loading === null) void ask(place);
  };
  return {
    window,
    isLoading: loading !== null,
    problem,
    loadOlder: load('older'),
    loadNewer: load('newer'),
    loadNewest: () => void ask('newest'),
    loadOldest: () => void ask('oldest'),
  };
}
