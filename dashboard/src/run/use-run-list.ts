import type { TypedDocumentNode } from '@urql/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { type Problem, toProblem } from '../api/problem.ts';
import type { Connection } from '../api/use-pages.ts';
import type { RunEvent } from './run-documents.ts';
import type { LiveRun } from './use-run.ts';
import { useRunEvents } from './use-run-feed.ts';

/** Reports that come within this time are read together. */
const CALM_MS = 300;

/** Something that a run has reported, as a list that is loaded in pages. */
export interface RunList<Node> {
  /** Null while the first page is on its way. */
  readonly rows: readonly Node[] | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

interface ListOptions<Data, Node> {
  readonly document: TypedDocumentNode<Data, { id: string; after?: string | null }>;
  readonly pick: (data: Data) => Connection<Node>;
  /** The types of events that say that the list has changed. */
  readonly types: readonly RunEvent['type'][];
  /** Whether rows are only ever added at the end: then what is loaded stays, otherwise the list is read anew. */
  readonly isGrowing: boolean;
}

interface Loaded<Node> {
  readonly rows: readonly Node[];
  readonly after: string | null;
  readonly hasMore: boolean;
}

/** Loads a list of a run and keeps it up to date by the run's events. */
export function useRunList<Data, Node>({ run, feed }: LiveRun, options: ListOptions<Data, Node>): RunList<Node> {
  const client = useClient();
  const { id } = run;
  const latest = useRef(options);
  latest.current = options;
  const [loaded, setLoaded] = useState<Loaded<Node> | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [problem, setProblem] = useState<Problem | null>(null);
  const question = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const load = useCallback(
    async (after: string | null, isMore: boolean) => {
      const mine = ++question.current;
      setLoading(true);
      const { document, pick } = latest.current;
      const { data, error } = await client.query(document, { id, after }, { requestPolicy: 'network-only' }).toPromise();
      if (mine !== question.current) return;
      setLoading(false);
      setProblem(error ? toProblem(error) : null);
      if (!data) return;
      const { edges, pageInfo } = pick(data);
      const page = edges.map(({ node }) => node);
      setLoaded((before) => ({
        rows: isMore && before ? [...before.rows, ...page] : page,
        after: pageInfo.endCursor ?? after,
        hasMore: pageInfo.hasNextPage,
      }));
    },
    [client, id],
  );
  useEffect(() => {
    void load(null, false);
    return () => {
      question.current += 1;
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [load]);

  function refresh(): void {
    timer.current = undefined;
    if (!options.isGrowing || loaded === null) void load(null, false);
    else if (!loaded.hasMore) void load(loaded.after, true);
  }
  const refreshLatest = useRef(refresh);
  refreshLatest.current = refresh;
  useRunEvents(feed, (events) => {
    if (events.some(({ type }) => options.types.includes(type)))
      timer.current ??= setTimeout(() => refreshLatest.current(), CALM_MS);
  });

  return {
    rows: loaded?.rows ?? null,
    hasMore: loaded?.hasMore ?? false,
    isLoading,
    problem,
    loadMore: () => void load(loaded?.after ?? null, true),
    reload: () => void load(null, false),
  };
}
