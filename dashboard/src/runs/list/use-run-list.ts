import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { useClient } from 'urql';
import { type LiveRunList, makeRunList, type RunFilter, type RunList } from './run-list.ts';

/** The list that is shown, and the one it is. */
export interface ShownRunList {
  readonly list: LiveRunList;
  readonly shown: RunList;
  /** What is shown is still what was asked for before; the answer to the present question is on its way. */
  readonly isOld: boolean;
}

/** Shows the runs that a filter means, live. Its JSON decides when the list is another one; the old one stays until there is an answer. */
export function useRunList(filter: RunFilter): ShownRunList {
  const client = useClient();
  const key = JSON.stringify(filter);
  const list = useMemo(() => makeRunList(client, JSON.parse(key) as RunFilter), [client, key]);
  const state = useSyncExternalStore(list.subscribe, list.get);
  useEffect(() => list.start(), [list]);
  const last = useRef(state);
  if (!state.isFirst) last.current = state;
  const isOld = state.isFirst && state.problem === null && !last.current.isFirst;
  return { list, shown: isOld ? last.current : state, isOld };
}
