import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import type { RunList } from './use-run-list.ts';

interface RunListViewProps<Node> {
  readonly list: RunList<Node>;
  /** What the rows are, in the plural. */
  readonly label: string;
  /** What to do to get some, where there are none. */
  readonly empty: ReactNode;
  readonly children: (rows: readonly Node[]) => ReactNode;
}

/** A list of what a run has reported: while it loads, when there is nothing, and page by page. */
export function RunListView<Node>({ list, label, empty, children }: RunListViewProps<Node>) {
  if (list.problem && list.rows === null) return <ProblemNotice problem={list.problem} onRetry={list.reload} />;
  if (list.rows === null) return <Skeleton lines={5} label={`Loading the ${label}`} />;
  if (list.rows.length === 0) return <EmptyState title={`No ${label}`}>{empty}</EmptyState>;
  return (
    <div className="grid grid-cols-1 gap-3">
      {children(list.rows)}
      {list.problem ? <ProblemNotice problem={list.problem} onRetry={list.loadMore} /> : null}
      {list.hasMore ? (
        <Button className="justify-self-center" busy={list.isLoading} onClick={list.loadMore}>
          Show more {label}
        </Button>
      ) : null}
    </div>
  );
}

/** One row that opens to show more. */
export function Disclosure({ summary, children }: { readonly summary: ReactNode; readonly children: ReactNode }) {
  return (
    <details className="min-w-0 rounded-lg border bg-surface">
      <summary className="px-3 py-2 hover:bg-hover [&::marker]:text-muted">
        <span className="ml-1 inline-flex max-w-[calc(100%-2rem)] flex-wrap items-center gap-x-3 gap-y-1 align-middle">
          {summary}
        </span>
      </summary>
      <div className="grid grid-cols-1 gap-3 border-t p-3">{children}</div>
    </details>
  );
}
