import { createLazyRoute, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';
import { useAddress } from '../app/use-address.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { type Tab, Tabs } from '../ui/tabs.tsx';
import { CheckpointsTab } from './checkpoints-tab.tsx';
import { DetailsTab } from './details-tab.tsx';
import { Explanation } from './explanation.tsx';
import { FamilyTab } from './family-tab.tsx';
import { LogTab } from './log-tab.tsx';
import { OutputsTab } from './outputs-tab.tsx';
import { PayloadTab } from './payload-tab.tsx';
import { RunActions } from './run-actions.tsx';
import { RunFigures } from './run-header.tsx';
import { RunProgress } from './run-progress.tsx';
import { isFinal } from './run-status.ts';
import { StateTab } from './state-tab.tsx';
import { StreamTab } from './stream-tab.tsx';
import { TimelineSection } from './timeline.tsx';
import { ToolCallsTab } from './tool-calls-tab.tsx';
import { TraceTab } from './trace-tab.tsx';
import { UsageTab } from './usage-tab.tsx';
import { useChildren } from './use-children.ts';
import { type LiveRun, useRun } from './use-run.ts';
import { useSteps } from './use-steps.ts';

function RunScreen() {
  const { runId } = Route.useParams();
  return <RunPage key={runId} id={runId} />;
}

function RunPage({ id }: { readonly id: string }) {
  const { live, problem, retry } = useRun(id);
  if (live) return <RunView live={live} />;
  if (problem?.code === 'NOT_FOUND')
    return (
      <Screen title="No such run">
        <EmptyState title="There is no such run in this project">
          <p>
            The address may be mistyped, the run may belong to another project, or it ended so long ago that it is no longer kept.{' '}
            <Link to="/runs">See the runs there are.</Link>
          </p>
        </EmptyState>
      </Screen>
    );
  return <Screen title="Run">{problem ? <ProblemNotice problem={problem} onRetry={retry} /> : <Loading />}</Screen>;
}

/** Takes about the room of what is to come. */
function Loading() {
  return (
    <>
      <div className="h-26 rounded-xl border bg-surface">
        <Skeleton lines={2} label="Loading the run" />
      </div>
      <div className="h-13 rounded-xl border bg-surface" />
      <div className="h-44 rounded-xl border bg-surface" />
      <div className="h-[60vh] rounded-xl border bg-surface" />
    </>
  );
}

function RunView({ live }: { readonly live: LiveRun }) {
  const { run, changes, marks, progress, refusal, reload } = live;
  const childRuns = useChildren(live);
  const steps = useSteps(run);
  const startedFirst = changes.find(({ toStatus }) => toStatus === 'EXECUTING')?.createdAt ?? run.startedAt;
  const input = useMemo(
    () => ({
      createdAt: run.createdAt,
      finishedAt: run.finishedAt,
      changes,
      marks,
      waits: run.waits.edges.map(({ node }) => node),
      children: childRuns.map((child) => ({ ...child, name: child.job?.slug ?? child.spawnKey ?? child.id })),
      steps,
    }),
    [run, changes, marks, childRuns, steps],
  );
  const isLive = !isFinal(run.status) || childRuns.some(({ status }) => !isFinal(status));
  return (
    <Screen
      title={run.job?.name ?? 'Run'}
      aside={
        <span role="status" aria-live="polite">
          <StatusBadge status={run.status} />
        </span>
      }
      actions={<RunActions run={run} allowed={run.allowedActions} onDone={reload} />}
    >
      <RunFigures run={run} startedFirst={startedFirst} />
      {refusal === null ? null : (
        <p role="alert" className="rounded-xl border border-warn bg-warn-soft px-4 py-2 text-warn">
          This page does not follow the run any more: {refusal}. Reload it to try again.
        </p>
      )}
      <Explanation run={run} onDone={reload} />
      {progress && !isFinal(run.status) ? <RunProgress event={progress} /> : null}
      <TimelineSection input={input} isLive={isLive} />
      <RunTabs live={live} childRuns={childRuns} />
    </Screen>
  );
}

function RunTabs({ live, childRuns }: { readonly live: LiveRun; readonly childRuns: ReturnType<typeof useChildren> }) {
  const { run, changes } = live;
  const { search, change } = useAddress();
  const tabs: readonly Tab[] = [
    { id: 'logs', label: 'Logs', content: <LogTab live={live} /> },
    { id: 'payload', label: 'Payload & result', content: <PayloadTab run={run} /> },
    { id: 'state', label: 'State', content: <StateTab live={live} /> },
    { id: 'outputs', label: 'Outputs', content: <OutputsTab live={live} /> },
    {
      id: 'checkpoints',
      label: 'Checkpoints',
      content: <CheckpointsTab live={live} mayReplay={run.allowedActions.includes('REPLAY')} />,
    },
    { id: 'tools', label: 'Tool calls', content: <ToolCallsTab live={live} /> },
    { id: 'usage', label: 'Usage', content: <UsageTab live={live} /> },
    { id: 'stream', label: 'Stream', content: <StreamTab live={live} /> },
    {
      id: 'family',
      label: 'Lineage',
      ...(childRuns.length > 0 && { count: live.children.pageInfo.hasNextPage ? '100+' : childRuns.length }),
      content: <FamilyTab live={live} childRuns={childRuns} />,
    },
    { id: 'trace', label: 'Trace', content: <TraceTab run={run} changes={changes} /> },
    { id: 'details', label: 'Details', content: <DetailsTab run={run} /> },
  ];
  const selected = tabs.find(({ id }) => id === search['tab'])?.id ?? 'logs';
  const go = (step: number) => {
    const at = tabs.findIndex(({ id }) => id === selected);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (next) change({ tab: next.id });
  };
  useShortcuts([
    { keys: '[', label: 'Previous tab', run: () => go(-1) },
    { keys: ']', label: 'Next tab', run: () => go(1) },
  ]);
  return (
    <section aria-label="About the run">
      <h2 className="sr-only">About the run</h2>
      <Tabs label="About the run" tabs={tabs} selected={selected} onSelect={(tab) => change({ tab })} />
    </section>
  );
}

export const Route = createLazyRoute('/runs/$runId')({ component: RunScreen });
