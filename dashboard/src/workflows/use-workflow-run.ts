import { useEffect, useRef } from 'react';
import { useQuery } from 'urql';
import { type Problem, toProblem } from '../api/problem.ts';
import { useLive } from '../api/use-live.ts';
import { type WorkflowRun, WorkflowRunChanged, WorkflowRunQuery } from './run-documents.ts';

const FINAL: ReadonlySet<WorkflowRun['status']> = new Set(['COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELED']);
/** Many steps end at once in a fan-out: the graph is loaded at most this often. */
const REFRESH_MS = 300;

interface Followed {
  readonly run: WorkflowRun | null;
  readonly problem: Problem | null;
  /** Counts what has been heard of: parts of the page that load by themselves do so again when it changes. */
  readonly reload: () => void;
}

/** A workflow run as it stands, kept so by its events. */
export function useWorkflowRun(id: string): Followed {
  const [{ data, error }, load] = useQuery({ query: WorkflowRunQuery, variables: { id } });
  const run = data?.workflowRun.id === id ? data.workflowRun : null;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const reload = () => load({ requestPolicy: 'network-only' });

  function refreshSoon(): void {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      reload();
    }, REFRESH_MS);
  }

  useEffect(() => () => clearTimeout(timer.current), []);
  useLive(run === null || FINAL.has(run.status) ? null : id, {
    document: WorkflowRunChanged,
    variables: (after) => ({ id, after: after === null ? 0 : Number(after) }),
    cursor: ({ workflowRunChanged }) => String(workflowRunChanged.seq),
    onData: refreshSoon,
    onEnd: refreshSoon,
  });
  return { run, problem: run === null && error ? toProblem(error) : null, reload };
}

/** Whether nothing more happens in a workflow run, unless it is retried. */
export function isOver(run: Pick<WorkflowRun, 'status'>): boolean {
  return FINAL.has(run.status);
}
