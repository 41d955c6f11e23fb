import { RunOutputsQuery } from './report-documents.ts';
import { RunListView } from './run-list.tsx';
import { NamedValue } from './state-tab.tsx';
import type { LiveRun } from './use-run.ts';
import { useRunList } from './use-run-list.ts';

/** The named values that the run has reported. */
export function OutputsTab({ live }: { readonly live: LiveRun }) {
  const list = useRunList(live, {
    document: RunOutputsQuery,
    pick: ({ run }) => run.outputs,
    types: ['OUTPUT'],
    isGrowing: false,
  });
  return (
    <RunListView
      list={list}
      label="outputs"
      empty={
        <p>An executor stores named values while it works, for others to read before it has ended. They appear here at once.</p>
      }
    >
      {(rows) => rows.map(({ id, key, value, updatedAt }) => <NamedValue key={id} name={key} value={value} at={updatedAt} />)}
    </RunListView>
  );
}
