import { useCallback, useEffect, useRef } from 'react';
import { graphql, type VariablesOf } from './graphql.ts';
import { useLive } from './use-live.ts';

const RunsChanged = graphql(`
  subscription RunsChanged($filter: RunFilter, $after: String) {
    runChanged(filter: $filter, after: $after) {
      cursor
      reset
    }
  }
`);

type RunFilter = NonNullable<VariablesOf<typeof RunsChanged>['filter']>;

/** While runs change all the time, a screen follows at this pace. */
const PACE_MS = 2_000;
/** The server answers figures that are up to five seconds old: once all is quiet, they are asked for a last time. */
const SETTLED_MS = 6_000;

/**
 * Calls `act` when runs that a filter means have changed, at most every two seconds and once more when it is quiet: for figures that are asked for anew. Null follows
 * nothing. A live list applies the changes themselves instead.
 */
export function useRunsChanged(filter: RunFilter | null, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearTimeout(settling.current);
    },
    [],
  );

  const soon = useCallback(() => {
    clearTimeout(settling.current);
    settling.current = setTimeout(() => latest.current(), SETTLED_MS);
    if (timer.current !== undefined) return;
    const pause = Math.max(0, last.current + PACE_MS - performance.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      last.current = performance.now();
      latest.current();
    }, pause);
  }, []);

  /** Whether something was told already: the first event says no more than that it begins. */
  const hasBegun = useRef(false);
  const key = filter === null ? null : JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter begins anew.
  useEffect(() => {
    hasBegun.current = false;
  }, [key]);
  useLive(key, {
    document: RunsChanged,
    variables: (after) => ({ filter, after }),
    cursor: ({ runChanged }) => runChanged.cursor,
    onData: ({ runChanged }) => {
      // Later on a reset means that changes may have been missed.
      if (hasBegun.current || !runChanged.reset) soon();
      hasBegun.current = true;
    },
  });
}
