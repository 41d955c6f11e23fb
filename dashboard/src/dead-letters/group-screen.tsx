import { Link } from '@tanstack/react-router';
import { ArrowLeft, RotateCcw } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useAction } from '../api/use-action.ts';
import { usePages } from '../api/use-pages.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatNumber } from '../ui/format.ts';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel, Screen } from '../ui/screen.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { useToast } from '../ui/toast.tsx';
import { deadLetterColumns } from './dead-letter-columns.tsx';
import { type DeadLetter, DeadLettersQuery, GroupQuery, type OpenGroup, ReplayDeadLetterMutation } from './documents.ts';
import { targetOf } from './groups-screen.tsx';
import { ReplayDialog, type ReplayTarget } from './replay-dialog.tsx';

/** The dead letters of one group: what killed them, the newest as a sample, and each of them. */
export function GroupScreen({ id }: { readonly id: string }) {
  const canReplay = useCan('RUNS_WRITE');
  const toast = useToast();
  const one = useAction(ReplayDeadLetterMutation);
  const [target, setTarget] = useState<ReplayTarget | null>(null);
  const [chosen, setChosen] = useState<DeadLetter | null>(null);
  const [{ data, error }, ask] = useQuery({
    query: GroupQuery,
    variables: { filter: { errorGroup: id } },
    requestPolicy: 'network-only',
  });
  const pages = usePages(DeadLettersQuery, { filter: { status: ['DEAD_LETTER'], errorGroup: id } }, ({ runs }) => runs);
  const reloadRuns = pages.reload;
  const reload = useCallback(() => {
    ask({ requestPolicy: 'network-only' });
    reloadRuns();
  }, [ask, reloadRuns]);
  const columns = useMemo(() => deadLetterColumns(canReplay ? setChosen : null), [canReplay]);
  const group = data?.deadLetterGroups[0];
  return (
    <Screen
      title="Dead letters"
      aside={
        <>
          {group ? (
            <Badge tone="bad">
              {formatNumber(group.count)}
              {group.isCapped ? '+' : ''}
            </Badge>
          ) : null}
          <Link to="/dead-letters" className="inline-flex items-center gap-1 text-accent underline">
            <ArrowLeft aria-hidden className="size-4" /> All groups
          </Link>
        </>
      }
      actions={
        canReplay && group ? (
          <Button variant="primary" icon={RotateCcw} onClick={() => setTarget(targetOf(group))}>
            Replay the group
          </Button>
        ) : null
      }
    >
      {error ? <ProblemNotice problem={toProblem(error)} onRetry={reload} /> : null}
      {data && !group ? (
        <EmptyState title="Nothing is left of this group">
          <p>Its dead letters were replayed, or are no longer kept.</p>
        </EmptyState>
      ) : null}
      {!data && !error ? <Skeleton lines={6} label="Loading the group" /> : null}
      {group ? (
        <>
          <Sample group={group} />
          {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
          <div className="flex max-h-[70vh] flex-col">
            <DataTable
              label="Dead letters of the group"
              rows={pages.rows}
              columns={columns}
              rowId={(run) => run.id}
              href={(run) => `/runs/${run.id}`}
              hasMore={pages.hasMore}
              onMore={pages.loadMore}
              isLoading={pages.isLoading}
              keyboard
              empty={null}
            />
          </div>
        </>
      ) : null}
      <ReplayDialog target={target} onClose={() => setTarget(null)} onReplayed={reload} />
      <ConfirmDialog
        open={chosen !== null}
        onClose={() => setChosen(null)}
        title="Replay one dead letter"
        confirm="Replay"
        onConfirm={async () => {
          if (chosen === null) return;
          await one.run({ id: chosen.id });
          toast({ text: 'It is queued again.' });
          reload();
        }}
      >
        <p className="break-words">
          The run <code className="font-mono text-xs">{chosen?.id}</code> goes back into the queue as its own first attempt, with
          the payload it had. This cannot be undone.
        </p>
      </ConfirmDialog>
    </Screen>
  );
}

/** What killed them all, and the payload of the newest. */
function Sample({ group: { job, error, firstAt, lastAt, sample } }: { readonly group: OpenGroup }) {
  return (
    <div className="grid items-start gap-3 lg:grid-cols-2">
      <Panel title="What killed them">
        <ScrollRegion label="Error of the last" className="mb-3 max-h-48">
          <pre className="font-mono text-xs break-words whitespace-pre-wrap text-bad">{sample.error ?? error}</pre>
        </ScrollRegion>
        <Facts
          facts={[
            [
              'Job',
              <Link key="job" to="/jobs/$jobId" params={{ jobId: job.id }} className="text-accent underline">
                {job.name}
              </Link>,
            ],
            ['First', <Time key="first" at={firstAt} />],
            ['Last', <Time key="last" at={lastAt} />],
            ['Attempts of the last', String(sample.attempt)],
            ['Class of the error', sample.errorClass?.toLowerCase().replaceAll('_', ' ') ?? 'unknown'],
          ]}
        />
      </Panel>
      <Panel title="Payload of the last">
        <JsonView value={sample.payload ?? null} label="payload of the last" />
      </Panel>
    </div>
  );
}
