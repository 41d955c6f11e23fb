import { useCallback, useEffect, useRef } from 'react';
import { useQuery } from 'urql';
import { type Problem, toProblem } from '../api/problem.ts';
import { useLive } from '../api/use-live.ts';
import { type WorkflowRun, WorkflowRunChanged, WorkflowRunQuery } from './run-documents.ts';

const FINAL: ReadonlySet<WorkflowRun['status']> = new Set(['COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELED']);
/** Many steps end at once in a fan-out: the graph is loaded at most this often, and not more than half of the time. */
const REFRESH_MS = 300;

interface Followed {
  readonly run: WorkflowRun | null;
  /** How many events it had when it was loaded: parts of the page that load by themselves do so again when it changes. */
  readonly seq: number;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

/** A workflow run as it stands, kept so by its events. */
export function useWorkflowRun(id: string): Followed {
  const [{ data, error, fetching }, load] = useQuery({ query: WorkflowRunQuery, variables: { id } });
  const run = data?.workflowRun.id === id ? data.workflowRun : null;
  const seq = run?.timeline.edges[0]?.node.seq ?? 0;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const loading = useRef({ since: 0, took: 0 });
  const reload = useCallback(() => load({ requestPolicy: 'network-only' }), [load]);

  useEffect(() => {
    const now = performance.now();
    if (fetching) loading.current.since = now;
    else loading.current.took = now - loading.current.since;
  }, [fetching]);

  function refreshSoon(): void {
    timer.current ??= setTimeout(
      () => {
        timer.current = undefined;
        reload();
      },
      Math.max(REFRESH_MS, loading.current.took),
    );
  }

  useEffect(() => () => clearTimeout(timer.current), []);
  useLive(run === null || FINAL.has(run.status) ? null : id, {
    document: WorkflowRunChanged,
    // The answer may have counted an event that its graph was too early for: that one is heard of again.
    variables: (after) => ({ id, after: after === null ? Math.max(seq - 1, 0) : Number(after) }),
    cursor: ({ workflowRunChanged }) => String(workflowRunChanged.seq),
    onData: refreshSoon,
    onEnd: refreshSoon,
  });
  return { run, seq, problem: run === null && error ? toProblem(error) : null, reload };
}

/** Whether nothing more happens in a workflow run, unless it is retried. */
export function isOver(run: Pick<WorkflowRun, 'status'>): boolean {
  return FINAL.has(run.status);
}
