import { ArrowUp } from 'lucide-react';
import { type ReactNode, useMemo, useRef } from 'react';
import { Button } from '../../ui/button.tsx';
import { DataTable, type Selection } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { formatNumber } from '../../ui/format.ts';
import { ProblemNotice } from '../../ui/problem-notice.tsx';
import { useElementWidth } from '../../ui/use-element-width.ts';
import type { ReadFilter } from '../filter/read-filter.ts';
import { FirstRun } from './first-run.tsx';
import { NARROW_COLUMNS, RUN_COLUMNS, runAddress } from './run-columns.tsx';
import type { RunRow } from './run-row.ts';
import type { ShownRunList } from './use-run-list.ts';

/** Below this width in pixels a table of every column shows none of them well. */
const NARROW = 640;
const rowId = ({ id }: RunRow): string => id;

interface FilteredRunsProps {
  readonly read: ReadFilter;
  readonly runs: ShownRunList;
  /** Ids of the columns, in their order. */
  readonly columns: readonly string[];
  /** Null for who may do nothing to runs. */
  readonly selection: Selection | null;
  readonly onReset: () => void;
  /** Below the table. */
  readonly footer: ReactNode;
}

/** The runs of a filter. New ones come in at the top, and wait there while the reader is further down. */
export function FilteredRuns({ read, runs: { list, shown, isOld }, columns, selection, onReset, footer }: FilteredRunsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useElementWidth(frame);
  const chosen = useMemo(
    () =>
      width > 0 && width < NARROW
        ? NARROW_COLUMNS
        : RUN_COLUMNS.filter(({ id }) => id === 'run' || columns.includes(id)).map(({ column }) => column),
    [width, columns],
  );
  const isFiltered = read.tokens.length > 0;
  return (
    <div ref={frame} aria-busy={isOld} className={`flex min-h-0 flex-1 flex-col ${isOld ? 'opacity-60' : ''}`}>
      {shown.problem ? <ProblemNotice problem={shown.problem} onRetry={list.reload} /> : null}
      <DataTable
        label="Runs"
        rows={shown.rows}
        columns={chosen}
        rowId={rowId}
        href={runAddress}
        {...(selection && { selection })}
        hasMore={shown.hasMore}
        onMore={list.loadMore}
        isLoading={shown.isLoading}
        keyboard
        onAtTop={list.setAtTop}
        overlay={(toTop) => <NewRuns count={shown.held.length} isCut={shown.isHeldCut} onShow={toTop} />}
        empty={
          shown.problem ? null : isFiltered ? (
            <EmptyState title="No run matches" action={<Button onClick={onReset}>Remove all filters</Button>}>
              <p>Runs that come to match appear here by themselves. Take out a filter to see more.</p>
            </EmptyState>
          ) : (
            <FirstRun />
          )
        }
      />
      {footer}
    </div>
  );
}

interface NewRunsProps {
  readonly count: number;
  readonly isCut: boolean;
  readonly onShow: () => void;
}

/** How many runs wait at the top, and the way there. */
function NewRuns({ count, isCut, onShow }: NewRunsProps) {
  if (count === 0) return null;
  return (
    <div className="pointer-events-none absolute inset-x-0 top-11 grid justify-items-center">
      <Button variant="primary" icon={ArrowUp} onClick={onShow} className="pointer-events-auto h-7 rounded-full shadow-lg">
        {formatNumber(count)}
        {isCut ? '+' : ''} new
      </Button>
    </div>
  );
}
