import type { Client } from '@urql/core';
import { graphql, type VariablesOf } from '../../api/graphql.ts';
import { follow } from '../../api/live.ts';
import { type Problem, toProblem } from '../../api/problem.ts';
import { addPage, applyChanges, type LiveRows, type RowChange, release } from './live-rows.ts';
import { type RunRow, RunRowFields } from './run-row.ts';

const RunsQuery = graphql(
  `
    query Runs($filter: RunFilter, $after: String) {
      runs(filter: $filter, first: 100, after: $after) {
        edges {
          node {
            ...RunRowFields
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [RunRowFields],
);

const RunChangedSubscription = graphql(
  `
    subscription RunChanged($filter: RunFilter, $after: String) {
      runChanged(filter: $filter, after: $after) {
        cursor
        reset
        changes {
          kind
          runId
          run {
            ...RunRowFields
          }
        }
      }
    }
  `,
  [RunRowFields],
);

/** Which runs. */
export type RunFilter = NonNullable<VariablesOf<typeof RunsQuery>['filter']>;

/** A list of runs as it is at the moment. */
export interface RunList extends LiveRows<RunRow> {
  /** No answer has come yet. */
  readonly isFirst: boolean;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  /** How many changes have been told, for what is counted beside the list. */
  readonly changes: number;
}

/** A list of runs that loads itself page by page and follows what happens. */
export interface LiveRunList {
  readonly get: () => RunList;
  readonly subscribe: (listener: () => void) => () => void;
  /** Begins to load and to follow; the function it answers ends that. */
  readonly start: () => () => void;
  readonly loadMore: () => void;
  readonly reload: () => void;
  /** Whether the reader is at the top, where new runs may appear; elsewhere they are kept back. */
  readonly setAtTop: (isAtTop: boolean) => void;
}

/** Loading waits so long for the first word of the subscription, after which the list has to be loaded anyway, to be asked once. */
const PATIENCE_MS = 100;
/** Runs that may enter before the list is loaded anew, so that a tab that stays open does not fill up. */
const MAX_ENTERED = 2_000;
/** Changes that wait for a frame: a hidden tab draws none, and loads anew when it is seen again. */
const MAX_WAITING = 2_000;
/** With fewer rows than these the next page is loaded without being scrolled to. */
const MIN_ROWS = 20;

const NOTHING: RunList = {
  rows: [],
  held: [],
  isHeldCut: false,
  hasMore: false,
  isFirst: true,
  isLoading: true,
  problem: null,
  changes: 0,
};

/** Makes the list of the runs that `filter` means; nothing happens until it is started. */
export function makeRunList(client: Client, filter: RunFilter): LiveRunList {
  const listeners = new Set<() => void>();
  let state = NOTHING;
  let isAtTop = true;
  let cursor: string | null = null;
  /** Counts questions: an answer to an older one is not shown any more. */
  let asked = 0;
  /** What was told since the question that is open was asked: its answer may have been read before that. */
  let sinceAsked: RowChange<RunRow>[] | null = null;
  let waiting: RowChange<RunRow>[] = [];
  let frame: number | null = null;
  let entered = 0;
  let isStale = false;

  function show(next: Partial<RunList>): void {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  }

  async function load(after: string | null): Promise<void> {
    const question = ++asked;
    const told: RowChange<RunRow>[] = [];
    sinceAsked = told;
    if (after === null) {
      waiting = [];
      entered = 0;
      isStale = false;
    }
    if (!state.isLoading) show({ isLoading: true });
    const { data, error } = await client.query(RunsQuery, { filter, after }, { requestPolicy: 'network-only' }).toPromise();
    if (question !== asked) return;
    sinceAsked = null;
    if (!data) {
      show({ isLoading: false, problem: error ? toProblem(error) : null });
      return;
    }
    const { edges, pageInfo } = data.runs;
    cursor = pageInfo.endCursor;
    const page = edges.map(({ node }) => node);
    const loaded: LiveRows<RunRow> =
      after === null
        ? { rows: page, held: [], isHeldCut: false, hasMore: pageInfo.hasNextPage }
        : addPage(state, page, pageInfo.hasNextPage);
    show({ ...applyChanges(loaded, told, !isAtTop), isFirst: false, isLoading: false, problem: null });
    fill();
  }

  function fill(): void {
    if (state.hasMore && !state.isLoading && state.rows.length < MIN_ROWS) void load(cursor);
  }

  function take(changes: readonly RowChange<RunRow>[]): void {
    if (changes.length === 0) return;
    sinceAsked?.push(...changes);
    waiting.push(...changes);
    entered += changes.filter(({ kind }) => kind === 'ENTER').length;
    if (waiting.length > MAX_WAITING) {
      waiting = [];
      isStale = true;
    }
    frame ??= requestAnimationFrame(draw);
  }

  /** Everything that was told since the last frame, at once. */
  function draw(): void {
    frame = null;
    const told = waiting;
    waiting = [];
    show({ ...applyChanges(state, told, !isAtTop), changes: state.changes + told.length });
    if (isStale || (isAtTop && entered > MAX_ENTERED)) void load(null);
    else fill();
  }

  function start(): () => void {
    let patience: ReturnType<typeof setTimeout> | undefined = setTimeout(() => void load(null), PATIENCE_MS);
    const stop = follow({
      document: RunChangedSubscription,
      variables: (after) => ({ filter, after }),
      cursor: ({ runChanged }) => runChanged.cursor,
      onData({ runChanged: { reset, changes } }) {
        clearTimeout(patience);
        patience = undefined;
        if (reset) void load(null);
        take(changes);
      },
      onRefused: (text) =>
        show({ problem: { code: 'LIVE', text: `The list does not follow changes: ${text}`, requestId: null } }),
    });
    return () => {
      clearTimeout(patience);
      stop();
      asked += 1;
      if (frame !== null) cancelAnimationFrame(frame);
      frame = null;
    };
  }

  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start,
    loadMore() {
      if (state.hasMore && !state.isLoading) void load(cursor);
    },
    reload: () => void load(null),
    setAtTop(value) {
      if (value === isAtTop) return;
      isAtTop = value;
      if (!value) return;
      if (state.isHeldCut) void load(null);
      else if (state.held.length > 0) show(release(state));
    },
  };
}
