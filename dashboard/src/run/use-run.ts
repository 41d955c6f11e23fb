import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { type Problem, toProblem } from '../api/problem.ts';
import { useCan } from '../app/viewer.tsx';
import { SHOWN_TYPES } from './log-filter.ts';
import { type RunEvent, RunEventsQuery, type RunHead, RunHeadQuery, RunPageQuery } from './run-documents.ts';
import { isFinal } from './run-status.ts';
import { type RunFeed, useRunEvents, useRunFeed } from './use-run-feed.ts';

/** Several changes within this time are one new question. */
const CALM_MS = 150;
/** Nothing tells how a place in the queue moves: whoever has not started is asked about again after this time. */
const UNSTARTED_MS = 5_000;
/** More changes of status than this are not drawn. */
const MOST_CHANGES = 1_000;
const MOST_MARKS = 300;
const PAGE = 100;

const UNSTARTED: ReadonlySet<string> = new Set(['DELAYED', 'QUEUED', 'WAITING', 'PAUSED']);
const MARK_TYPES: ReadonlySet<string> = new Set(['CHECKPOINT', 'ERROR', 'OUTPUT']);

type Page = NonNullable<ResultOf<typeof RunPageQuery>['run']>;

/** A run as the page follows it. */
export interface LiveRun {
  readonly run: RunHead;
  /** The changes of its status, in order. */
  readonly changes: readonly RunEvent[];
  /** Its checkpoints, errors and outputs, in order. */
  readonly marks: readonly RunEvent[];
  /** The newest page of its story; null when it has gone on since the page was loaded, and a second time. */
  readonly takeNewest: () => Page['newest'] | null;
  /** The runs it has spawned, as they were when the page was loaded. */
  readonly children: Page['children'];
  readonly feed: RunFeed;
  /** How far its executor says it is; null when that has said nothing. */
  readonly progress: RunEvent | null;
  /** Why the page does not follow the run any more; null while it does. */
  readonly refusal: string | null;
  /** Counts up when it goes on after it had ended. */
  readonly round: number;
  /** Asks how it stands now. */
  readonly reload: () => Promise<void>;
}

/** Loads a run and keeps it up to date by its events; `live` is null until it is there. */
export function useRun(id: string): {
  readonly live: LiveRun | null;
  readonly problem: Problem | null;
  readonly retry: () => void;
} {
  const client = useClient();
  const seesJobs = useCan('JOBS_READ');
  const seesWorkflows = useCan('WORKFLOWS_READ');
  const [page, setPage] = useState<Page | null>(null);
  const [run, setRun] = useState<RunHead | null>(null);
  const [changes, setChanges] = useState<readonly RunEvent[]>([]);
  const [marks, setMarks] = useState<readonly RunEvent[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [progress, setProgress] = useState<RunEvent | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [round, setRound] = useState(1);
  const [tries, setTries] = useState(1);
  const hasEnded = useRef(false);
  const latest = useRef(run);
  latest.current = run;
  const newest = useRef<Page['newest'] | null>(null);
  const variables = useRef({ id, seesJobs, seesWorkflows });
  variables.current = { id, seesJobs, seesWorkflows };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try is another question.
  useEffect(() => {
    let isLeft = false;
    hasEnded.current = false;
    void client
      .query(RunPageQuery, { ...variables.current, shown: SHOWN_TYPES }, { requestPolicy: 'network-only' })
      .toPromise()
      .then(async ({ data, error }) => {
        if (isLeft) return;
        setProblem(error ? toProblem(error) : null);
        if (!data) return;
        const loaded = data.run;
        setMarks(nodes(loaded.marks));
        setProgress(nodes(loaded.newest).findLast(isProgress) ?? null);
        setChanges(merge(nodes(loaded.changes), nodes(loaded.newest).filter(isChange), MOST_CHANGES));
        newest.current = loaded.newest;
        setRun(loaded);
        setPage(loaded);
        let { hasPreviousPage: hasMore, startCursor: before } = loaded.changes.pageInfo;
        for (let count = PAGE; hasMore && before !== null && count < MOST_CHANGES && !isLeft; count += PAGE) {
          const asked = { id, last: PAGE, before, type: ['STATE_CHANGE' as const] };
          const answer = await client.query(RunEventsQuery, asked, { requestPolicy: 'network-only' }).toPromise();
          const older: readonly RunEvent[] = answer.data ? nodes(answer.data.run.events) : [];
          if (isLeft || older.length === 0) return;
          setChanges((known) => merge(older, known, MOST_CHANGES));
          before = String(older[0]?.seq);
          hasMore = answer.data?.run.events.pageInfo.hasPreviousPage ?? false;
        }
      });
    return () => {
      isLeft = true;
    };
  }, [client, id, tries]);

  const reload = useCallback(async () => {
    const asked = variables.current;
    const { data, error } = await client.query(RunHeadQuery, asked, { requestPolicy: 'network-only' }).toPromise();
    if (asked.id !== variables.current.id) return;
    if (error && toProblem(error).code === 'NOT_FOUND') setProblem(toProblem(error));
    if (!data) return;
    const before = latest.current;
    setRun(data.run);
    // Replayed from the dead letters, it may have ended again before it was asked about.
    const isAnotherEnd = before !== null && isFinal(before.status) && before.finishedAt !== data.run.finishedAt;
    if (hasEnded.current && (!isFinal(data.run.status) || isAnotherEnd)) {
      hasEnded.current = false;
      setRound((count) => count + 1);
    }
  }, [client]);
  const calmly = useCalm(reload);

  const status = run?.status ?? '';
  const feed = useRunFeed({
    runId: id,
    after: page === null ? null : (page.newest.edges.at(-1)?.node.seq ?? 0),
    round,
    onEnd() {
      hasEnded.current = true;
      if (!isFinal(status)) calmly();
    },
    onRefused(message) {
      setRefusal(message);
      calmly();
    },
  });
  const takeNewest = useCallback(() => {
    const taken = newest.current;
    newest.current = null;
    return taken;
  }, []);
  useRunEvents(feed, (events) => {
    newest.current = null;
    const moved = events.filter(isChange);
    if (moved.length > 0) setChanges((known) => merge(known, moved, MOST_CHANGES));
    const progressed = events.findLast(isProgress);
    if (progressed) setProgress(progressed);
    const marked = events.filter(({ type }) => MARK_TYPES.has(type));
    if (marked.length > 0) setMarks((known) => merge(known, marked, MOST_MARKS));
    if (events.some(({ type }) => type === 'STATE_CHANGE' || type === 'ANNOTATION' || type === 'USAGE')) calmly();
  });

  useEffect(() => {
    // A run that has ended tells nothing more, not even that somebody has replayed it from the dead letters.
    const look = () => {
      if (!document.hidden) calmly();
    };
    document.addEventListener('visibilitychange', look);
    const timer = UNSTARTED.has(status) ? setInterval(look, UNSTARTED_MS) : undefined;
    return () => {
      document.removeEventListener('visibilitychange', look);
      clearInterval(timer);
    };
  }, [status, calmly]);

  const retry = useCallback(() => setTries((count) => count + 1), []);
  const live =
    run && page && problem?.code !== 'NOT_FOUND'
      ? { run, changes, marks, children: page.children, takeNewest, progress, refusal, feed, round, reload }
      : null;
  return { live, problem, retry };
}

/** Calls `work` soon after it was asked for, once for all that ask meanwhile, and never twice at a time. */
function useCalm(work: () => Promise<void>): () => void {
  const state = useRef<{ timer?: ReturnType<typeof setTimeout>; isWorking: boolean; again: boolean }>({
    isWorking: false,
    again: false,
  });
  useEffect(
    () => () => {
      clearTimeout(state.current.timer);
      delete state.current.timer;
    },
    [],
  );
  return useCallback(() => {
    const { current } = state;
    const begin = () => {
      delete current.timer;
      current.isWorking = true;
      void work().finally(() => {
        current.isWorking = false;
        if (!current.again) return;
        current.again = false;
        current.timer = setTimeout(begin, CALM_MS);
      });
    };
    if (current.isWorking) current.again = true;
    else current.timer ??= setTimeout(begin, CALM_MS);
  }, [work]);
}

function isChange({ type }: RunEvent): boolean {
  return type === 'STATE_CHANGE';
}

function isProgress({ type }: RunEvent): boolean {
  return type === 'PROGRESS';
}

function nodes(connection: { readonly edges: readonly { readonly node: RunEvent }[] }): readonly RunEvent[] {
  return connection.edges.map(({ node }) => node);
}

/** Both in order, each event once, the newest `most` of them. */
function merge(one: readonly RunEvent[], other: readonly RunEvent[], most: number): readonly RunEvent[] {
  const bySeq = new Map([...one, ...other].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((left, right) => left.seq - right.seq).slice(-most);
}
