import { lazy, Suspense, useCallback, useState } from 'react';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { StatusChips } from './figures/status-chips.tsx';
import type { TimeFrame } from './figures/time-frame.ts';
import { useRunFigures } from './figures/use-run-figures.ts';
import { toggleStatus, withValue } from './filter/edit-filter.ts';
import { writeSpan } from './filter/moment.ts';
import type { ReadFilter } from './filter/read-filter.ts';
import { FilteredRuns } from './list/filtered-runs.tsx';
import { useRunList } from './list/use-run-list.ts';

// The plotting library comes when the list already stands.
const RunHistogram = lazy(() => import('./figures/run-histogram.tsx').then((chunk) => ({ default: chunk.RunHistogram })));

interface RunsOfFilterProps {
  readonly text: string;
  readonly read: ReadFilter;
  readonly columns: readonly string[];
  readonly onFilter: (text: string) => void;
}

/** The runs of a filter that is understood: in figures, over time, and one by one. */
export function RunsOfFilter({ text, read, columns, onFilter }: RunsOfFilterProps) {
  const { conditions } = read;
  const runs = useRunList(conditions);
  const { figures, problem } = useRunFigures(conditions, runs.shown.changes);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const brush = useCallback(
    ({ from, to }: TimeFrame) => onFilter(withValue(text, 'created', writeSpan({ after: from, before: to }))),
    [text, onFilter],
  );
  const chosen = conditions.status ?? [];
  return (
    <>
      <StatusChips
        counts={figures?.counts ?? null}
        chosen={chosen}
        onToggle={(status) => onFilter(toggleStatus(text, chosen, status))}
      />
      {problem ? <ProblemNotice problem={problem} /> : null}
      <div className="h-24 shrink-0 rounded-xl border bg-surface">
        <Suspense>{figures ? <RunHistogram figures={figures} onBrush={brush} /> : null}</Suspense>
      </div>
      <FilteredRuns read={read} runs={runs} columns={columns} selected={selected} onSelect={setSelected} onFilter={onFilter} />
    </>
  );
}
