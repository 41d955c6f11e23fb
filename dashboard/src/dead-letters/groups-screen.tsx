import { RotateCcw } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useRunsChanged } from '../api/use-runs-changed.ts';
import { useAddress } from '../app/use-address.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatNumber } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { SearchInput } from '../ui/search-input.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { type Group, GroupsQuery, type RunFilter } from './documents.ts';
import { groupColumns } from './group-columns.tsx';
import { ReplayDialog, type ReplayTarget } from './replay-dialog.tsx';

/** What dies, and what is replayed, changes the groups. */
const DEAD: RunFilter = { status: ['DEAD_LETTER'] };
const NONE: readonly Group[] = [];

/** All dead letters, grouped by job and kind of error: what there is to mend, the most first. */
export function GroupsScreen() {
  const { search, change } = useAddress();
  const { q = '', job = '' } = search;
  const canReplay = useCan('RUNS_WRITE');
  const [target, setTarget] = useState<ReplayTarget | null>(null);
  const filter = useMemo<RunFilter>(() => ({ ...(q && { errorContains: q }), ...(job && { job }) }), [q, job]);
  const [{ data, error, fetching }, ask] = useQuery({ query: GroupsQuery, variables: { filter }, requestPolicy: 'network-only' });
  const reload = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useRunsChanged(DEAD, reload);
  const groups = data?.deadLetterGroups ?? NONE;
  const columns = useMemo(() => groupColumns(canReplay ? (group) => setTarget(targetOf(group)) : null), [canReplay]);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const isFiltered = q !== '' || job !== '';
  return (
    <Screen
      title="Dead letters"
      fixed
      aside={count > 0 ? <Badge tone="bad">{formatNumber(count)}</Badge> : null}
      actions={
        canReplay && groups.length > 1 ? (
          <Button icon={RotateCcw} onClick={() => setTarget(targetOfAll(groups, filter))}>
            Replay all shown
          </Button>
        ) : null
      }
    >
      <div className="flex flex-wrap items-center gap-2">
        <SearchInput label="Search in the errors" value={q} onSearch={(text) => change({ q: text || null })} />
        {job ? (
          <Button onClick={() => change({ job: null })} aria-label={`Show the dead letters of all jobs, not of ${job} alone`}>
            Job: {job} ×
          </Button>
        ) : null}
      </div>
      {error ? <ProblemNotice problem={toProblem(error)} onRetry={reload} /> : null}
      <DataTable
        label="Groups of dead letters"
        rows={groups}
        columns={columns}
        rowId={(group) => group.id}
        href={(group) => `/dead-letters?group=${encodeURIComponent(group.id)}`}
        isLoading={fetching && !data}
        keyboard
        empty={error ? null : isFiltered ? <NothingFound onClear={() => change({ q: null, job: null })} /> : <NoDeadLetters />}
      />
      <ReplayDialog target={target} onClose={() => setTarget(null)} onReplayed={reload} />
    </Screen>
  );
}

function NothingFound({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState title="No dead letter matches" action={<Button onClick={onClear}>Show all dead letters</Button>}>
      <p>Dead letters are searched by the text of their errors.</p>
    </EmptyState>
  );
}

function NoDeadLetters() {
  return (
    <EmptyState title="No dead letters">
      <p>
        A run that has failed as often as its job tries becomes a dead letter: it is kept with its payload and its story until
        somebody replays it.
      </p>
      <p>They are grouped here by what killed them, so that one mended cause can be replayed as one.</p>
    </EmptyState>
  );
}

/** The dead letters of a group, to be replayed. */
export function targetOf(group: Group): ReplayTarget {
  return { ...group, words: `${group.job.name}: ${group.error}`, filter: { errorGroup: group.id } };
}

function targetOfAll(groups: readonly Group[], filter: RunFilter): ReplayTarget {
  return {
    words: `All ${formatNumber(groups.length)} groups that are shown.`,
    filter,
    count: groups.reduce((sum, group) => sum + group.count, 0),
    isCapped: groups.some(({ isCapped }) => isCapped),
    lastAt: groups.reduce((last, group) => (group.lastAt > last ? group.lastAt : last), ''),
  };
}
