import type { TypedDocumentNode } from '@urql/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { type Problem, toProblem } from './problem.ts';

/** A page of a list, as every connection of the API has it. */
export interface Connection<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** A list that is loaded page by page. */
export interface Pages<Node> {
  readonly rows: readonly Node[];
  readonly isLoading: boolean;
  /** Whether no answer has come yet for what is asked now: show a skeleton, not an empty list. */
  readonly isFirst: boolean;
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  readonly loadMore: () => void;
  /** Loads the list anew from its beginning; the old rows stay until the new ones are there. */
  readonly reload: () => void;
  /** Loads the first page again and lays it over the rows, for lists that change slowly: rows of later pages stay as they are. */
  readonly refresh: () => void;
  /** Changes the rows that are shown, for live lists. */
  readonly update: (change: (rows: readonly Node[]) => readonly Node[]) => void;
}

interface Shown<Node> {
  readonly key: string | null;
  readonly rows: readonly Node[];
  readonly after: string | null;
  readonly hasMore: boolean;
}

/**
 * Loads a connection page by page, with `after` as the name of the cursor's variable. `variables` may be a new object on each render; the
 * list begins anew when its JSON changes. Null variables load nothing.
 */
export function usePages<Data, Node, Variables extends { after?: string | null | undefined }>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'> | null,
  pick: (data: Data) => Connection<Node>,
): Pages<Node> {
  const client = useClient();
  const key = variables === null ? null : JSON.stringify(variables);
  const [shown, setShown] = useState<Shown<Node>>({ key: null, rows: [], after: null, hasMore: false });
  const [isLoading, setLoading] = useState(key !== null);
  const [problem, setProblem] = useState<Problem | null>(null);
  /** Counts questions: an answer to an older one is not shown any more. */
  const asked = useRef(0);
  /** The latest question that was answered. */
  const answered = useRef(0);
  const latest = useRef({ variables, pick });
  latest.current = { variables, pick };

  const load = useCallback(
    async (after: string | null) => {
      const question = ++asked.current;
      const of = latest.current.variables;
      if (of === null) return;
      setLoading(true);
      const asking = { ...of, after } as unknown as Variables;
      const { data, error } = await client.query(document, asking, { requestPolicy: 'network-only' }).toPromise();
      if (question !== asked.current) return;
      answered.current = question;
      setLoading(false);
      setProblem(error ? toProblem(error) : null);
      if (!data) return;
      const { edges, pageInfo } = latest.current.pick(data);
      const page = edges.map(({ node }) => node);
      setShown((before) => ({
        key: JSON.stringify(of),
        rows: after === null ? page : [...before.rows, ...page],
        after: pageInfo.endCursor,
        hasMore: pageInfo.hasNextPage,
      }));
    },
    [client, document],
  );

  const refresh = useCallback(async () => {
    const { variables: of } = latest.current;
    const question = asked.current;
    if (of === null || question !== answered.current) return;
    const asking = { ...of, after: null } as unknown as Variables;
    const { data, error } = await client.query(document, asking, { requestPolicy: 'network-only' }).toPromise();
    if (question !== asked.current) return;
    setProblem(error ? toProblem(error) : null);
    if (data) setShown((before) => layOver(before, latest.current.pick(data)));
  }, [client, document]);

  useEffect(() => {
    if (key !== null) void load(null);
    return () => {
      asked.current += 1;
    };
  }, [key, load]);

  const { after, hasMore } = shown;
  return {
    rows: shown.rows,
    isLoading,
    isFirst: key !== null && shown.key === null && problem === null,
    hasMore,
    problem,
    loadMore: useCallback(() => {
      if (hasMore && !isLoading) void load(after);
    }, [load, after, hasMore, isLoading]),
    reload: useCallback(() => void load(null), [load]),
    refresh: useCallback(() => void refresh(), [refresh]),
    update: useCallback((change) => setShown((before) => ({ ...before, rows: change(before.rows) })), []),
  };
}

/**
 * A first page over what is shown: what came, changed or went within it does so, and what follows its last row stays. Without that row
 * nobody knows what lies between, and the list begins anew.
 */
function layOver<Node>(before: Shown<Node>, { edges, pageInfo }: Connection<Node>): Shown<Node> {
  const page = edges.map(({ node }) => node);
  const last = idOf(page.at(-1));
  const at = pageInfo.hasNextPage && last !== null ? before.rows.findIndex((row) => idOf(row) === last) : -1;
  if (at < 0) return { key: before.key, rows: page, after: pageInfo.endCursor, hasMore: pageInfo.hasNextPage };
  return { ...before, rows: [...page, ...before.rows.slice(at + 1)], ...(at + 1 === before.rows.length && cursorOf(pageInfo)) };
}

function cursorOf({ endCursor, hasNextPage }: Connection<unknown>['pageInfo']) {
  return { after: endCursor, hasMore: hasNextPage };
}

function idOf(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'id' in node ? node.id : null;
}
