import { createLazyRoute, useRouter } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useAddress } from '../app/use-address.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Screen } from '../ui/screen.tsx';
import { TimeRangeMenu } from './figures/time-range-menu.tsx';
import { withValue } from './filter/edit-filter.ts';
import { FilterBar } from './filter/filter-bar.tsx';
import { readFilter } from './filter/read-filter.ts';
import { ColumnMenu } from './list/column-menu.tsx';
import { useColumnChoice } from './list/use-column-choice.ts';
import { RunsOfFilter } from './runs-of-filter.tsx';
import { ViewMenu } from './views/view-menu.tsx';

/** The runs of the project: found by the filter in the address, followed live. */
function RunsScreen() {
  const { search, change } = useAddress();
  const text = search['q'] ?? '';
  // Relative times count from when the filter was written: a window that moves on would be another list each moment.
  const read = useMemo(() => readFilter(text, Date.now()), [text]);
  const router = useRouter();
  // What the address says by now, which several changes at once may be ahead of what is drawn.
  const setFilter = useCallback(
    (edit: (text: string) => string) => {
      const now = (router.latestLocation.search as Readonly<Record<string, string>>)['q'] ?? '';
      change({ q: edit(now) || null }, 'push');
    },
    [router, change],
  );
  const columns = useColumnChoice();
  const created = read.tokens.find(({ key }) => key.toLowerCase() === 'created')?.value ?? null;
  return (
    <Screen title="Runs" fixed>
      <div className="flex flex-wrap items-start gap-2">
        <FilterBar text={text} read={read} onChange={setFilter} />
        <div className="flex flex-wrap gap-2">
          <TimeRangeMenu value={created} onChange={(value) => setFilter((before) => withValue(before, 'created', value))} />
          <ViewMenu text={text} onChange={(next) => setFilter(() => next)} />
          <ColumnMenu choice={columns} />
        </div>
      </div>
      {read.hasProblem ? (
        <EmptyState
          title="This filter is not understood"
          action={<Button onClick={() => setFilter(() => '')}>Remove all filters</Button>}
        >
          <p>To leave a part of it out would show what nobody asked for. Change or remove what is marked above.</p>
        </EmptyState>
      ) : (
        <RunsOfFilter read={read} columns={columns.chosen} onFilter={setFilter} />
      )}
    </Screen>
  );
}

export const Route = createLazyRoute('/runs')({ component: RunsScreen });
