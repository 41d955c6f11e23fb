import { JsonView } from '../ui/json-view.tsx';
import { Time } from '../ui/time.tsx';
import { RunStateQuery } from './report-documents.ts';
import { RunListView } from './run-list.tsx';
import type { LiveRun } from './use-run.ts';
import { useRunList } from './use-run-list.ts';

/** What the run keeps from one attempt to the next. */
export function StateTab({ live }: { readonly live: LiveRun }) {
  const list = useRunList(live, {
    document: RunStateQuery,
    pick: ({ run }) => run.state,
    types: ['STATE', 'STATE_CHANGE'],
    isGrowing: false,
  });
  return (
    <RunListView
      list={list}
      label="values"
      empty={<p>An executor that sets a value of the state finds it again in the next attempt. It appears here as it is set.</p>}
    >
      {(rows) => rows.map(({ key, value, updatedAt }) => <NamedValue key={key} name={key} value={value} at={updatedAt} />)}
    </RunListView>
  );
}

/** A value under its name, and when it was set. */
export function NamedValue({ name, value, at }: { readonly name: string; readonly value: unknown; readonly at: string }) {
  return (
    <section className="grid min-w-0 grid-cols-1 gap-1">
      <h3 className="flex flex-wrap items-baseline gap-x-3">
        <span className="min-w-0 font-mono font-medium break-all">{name}</span>
        <span className="text-xs font-normal text-muted">
          <Time at={at} />
        </span>
      </h3>
      <JsonView value={value} label={name} />
    </section>
  );
}
