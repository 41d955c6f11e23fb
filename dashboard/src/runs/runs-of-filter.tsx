import { useCallback, useMemo, useState } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';
import { useCan } from '../app/viewer.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { BulkBar, type Choice } from './bulk/bulk-bar.tsx';
import { BulkDialog } from './bulk/bulk-dialog.tsx';
import type { Target } from './bulk/do-piece.ts';
import type { Operation } from './bulk/operations.ts';
import { RunHistogram } from './figures/run-histogram.tsx';
import { StatusChips } from './figures/status-chips.tsx';
import type { TimeFrame } from './figures/time-frame.ts';
import { useRunFigures } from './figures/use-run-figures.ts';
import { toggleStatus, withValue } from './filter/edit-filter.ts';
import type { Conditions } from './filter/fields.ts';
import { writeSpan } from './filter/moment.ts';
import type { ReadFilter } from './filter/read-filter.ts';
import { FilteredRuns } from './list/filtered-runs.tsx';
import { useRunList } from './list/use-run-list.ts';

const NONE: Choice = { ids: new Set() };

interface RunsOfFilterProps {
  readonly read: ReadFilter;
  readonly columns: readonly string[];
  readonly onFilter: (edit: (text: string) => string) => void;
}

/** The runs of a filter that is understood: in figures, over time, and one by one, with what can be done to many of them. */
export function RunsOfFilter({ read, columns, onFilter }: RunsOfFilterProps) {
  const { conditions } = read;
  const runs = useRunList(conditions);
  const { figures, problem } = useRunFigures(conditions, runs.shown.changes);
  const mayWrite = useCan('RUNS_WRITE');
  const [choice, setChoice] = useState<Choice>(NONE);
  const [order, setOrder] = useState<{ readonly operation: Operation; readonly target: Target } | null>(null);
  useShortcuts([{ keys: 'Escape', label: 'Clear the selection', run: () => setChoice(NONE) }]);
  const brush = useCallback(
    ({ from, to }: TimeFrame) => onFilter((text) => withValue(text, 'created', writeSpan({ after: from, before: to }))),
    [onFilter],
  );
  const { rows } = runs.shown;
  const selected = useMemo(() => (choice === 'all' ? new Set(rows.map(({ id }) => id)) : choice.ids), [choice, rows]);
  const chosen = conditions.status ?? [];
  const counted = figures?.counts.counts.filter(({ status }) => chosen.length === 0 || chosen.includes(status)) ?? [];

  return (
    <>
      <StatusChips
        counts={figures?.counts ?? null}
        chosen={chosen}
        onToggle={(status) => onFilter((text) => toggleStatus(text, status))}
      />
      {problem && !runs.shown.problem ? <ProblemNotice problem={problem} /> : null}
      <div className="h-24 shrink-0 rounded-xl border bg-surface">
        {figures ? <RunHistogram figures={figures} onBrush={brush} /> : null}
      </div>
      <FilteredRuns
        read={read}
        runs={runs}
        columns={columns}
        selection={mayWrite ? { ids: selected, onChange: (ids) => setChoice({ ids }) } : null}
        onReset={() => onFilter(() => '')}
        footer={
          selected.size === 0 ? null : (
            <BulkBar
              choice={choice}
              total={counted.reduce((sum, { count }) => sum + count, 0)}
              isTotalCapped={figures?.counts.isCapped ?? false}
              onChooseAll={() => setChoice('all')}
              onClear={() => setChoice(NONE)}
              onOperation={(operation) => setOrder({ operation, target: targetOf(choice, conditions, operation) })}
            />
          )
        }
      />
      {order ? (
        <BulkDialog
          {...order}
          rows={rows}
          onClose={() => {
            setOrder(null);
            setChoice(NONE);
          }}
        />
      ) : null}
    </>
  );
}

/** Without a filter everything that the operation can be done to is meant, which the API wants to be said. */
function targetOf(choice: Choice, conditions: Conditions, { statuses }: Operation): Target {
  if (choice !== 'all') return { ids: [...choice.ids] };
  return { filter: Object.keys(conditions).length > 0 ? conditions : { status: [...statuses] } };
}
