import { useState } from 'react';
import { useClient } from 'urql';
import { useLive } from '../api/use-live.ts';
import { useCan } from '../app/viewer.tsx';
import { type ChildRun, ChildrenQuery, ChildrenSubscription } from './child-documents.ts';
import { isFinal } from './run-status.ts';
import type { LiveRun } from './use-run.ts';

/** The first hundred children of a run, oldest first, kept up to date while it or one of them goes on. */
export function useChildren({ run, children }: LiveRun): readonly ChildRun[] {
  const client = useClient();
  const seesJobs = useCan('JOBS_READ');
  const [rows, setRows] = useState<readonly ChildRun[]>(() => children.edges.map(({ node }) => node));
  const isOver = isFinal(run.status) && rows.every(({ status }) => isFinal(status));

  async function load(): Promise<void> {
    const variables = { id: run.id, seesJobs };
    const { data } = await client.query(ChildrenQuery, variables, { requestPolicy: 'network-only' }).toPromise();
    if (data) setRows(data.run.children.edges.map(({ node }) => node));
  }

  useLive(isOver ? null : run.id, {
    document: ChildrenSubscription,
    variables: (after) => ({ parent: run.id, after, seesJobs }),
    cursor: ({ runChanged }) => runChanged.cursor,
    onData({ runChanged: { reset, changes } }) {
      if (reset) void load();
      if (changes.length > 0) setRows((before) => changed(before, changes));
    },
  });
  return rows;
}

interface Change {
  readonly kind: string;
  readonly runId: string;
  readonly run: ChildRun | null;
}

/** No more than these are shown; the tree has the rest. */
const MOST = 100;

function changed(rows: readonly ChildRun[], changes: readonly Change[]): readonly ChildRun[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { kind, runId, run } of changes) {
    if (kind === 'LEAVE') byId.delete(runId);
    else if (run) byId.set(runId, run);
  }
  return [...byId.values()].sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1)).slice(0, MOST);
}
