import { createLazyRoute, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { formatNumber } from '../ui/format.ts';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel, Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { type Tab, Tabs } from '../ui/tabs.tsx';
import type { GraphStep } from './graph-node.tsx';
import { GraphView } from './graph-view.tsx';
import { Headline } from './headline.tsx';
import { RunActions } from './run-actions.tsx';
import type { WorkflowRun } from './run-documents.ts';
import { StepPanel } from './step-panel.tsx';
import { StepTable } from './step-table.tsx';
import { toGraphStep } from './step-words.ts';
import { isOver, useWorkflowRun } from './use-workflow-run.ts';
import { WorkflowEvents } from './workflow-events.tsx';
import { WorkflowRunTable } from './workflow-run-table.tsx';

/** Above so many steps the page begins with the timeline: a graph of them is no overview. */
const MOST_FOR_GRAPH = 200;

/** One workflow run, followed live: where it stands, what each step did, and what can be done. */
function WorkflowRunScreen() {
  const { workflowRunId } = useParams({ from: '/workflow-runs/$workflowRunId' });
  const search = useSearch({ from: '/workflow-runs/$workflowRunId' });
  const navigate = useNavigate({ from: '/workflow-runs/$workflowRunId' });
  const { run, seq, problem, reload } = useWorkflowRun(workflowRunId);
  const steps = useMemo(() => run?.graph.nodes.map(toGraphStep) ?? [], [run]);
  const select = useCallback(
    (ref: string) => void navigate({ search: (before) => ({ ...before, step: ref }), replace: true }),
    [navigate],
  );
  if (!run)
    return (
      <Screen title="Workflow run">
        {problem ? <ProblemNotice problem={problem} onRetry={reload} /> : <Skeleton lines={8} />}
      </Screen>
    );

  const { tab = firstTab(run), step = '' } = search;
  const chosen = run.graph.nodes.find(({ ref }) => ref === step);
  const isOfSteps = tab === 'graph' || tab === 'steps';
  return (
    <Screen
      title={run.workflow.name}
      aside={<StatusBadge status={run.status} />}
      actions={<RunActions run={run} selectedStep={chosen?.ref ?? null} onChanged={reload} />}
    >
      <Headline run={run} />
      {run.error === null ? null : (
        <p role="alert" className="rounded-lg bg-bad-soft px-4 py-2 break-words text-bad">
          {run.failedStep === null ? '' : `${run.failedStep}: `}
          {run.error}
        </p>
      )}
      <div className={`grid items-start gap-3 ${chosen && isOfSteps ? 'xl:grid-cols-[minmax(0,1fr)_24rem]' : ''}`}>
        <Tabs
          label="Parts of the workflow run"
          selected={tab}
          onSelect={(id) => void navigate({ search: (before) => ({ ...before, tab: id }), replace: true })}
          tabs={[
            ...(run.batchTotal === null
              ? stepTabs(run, steps, step, select)
              : [
                  itemsTab(
                    run,
                    search['status'] ?? '',
                    (status) => void navigate({ search: (before) => ({ ...before, status }), replace: true }),
                  ),
                ]),
            { id: 'events', label: 'Events', count: seq, content: <WorkflowEvents run={run} seq={seq} /> },
            { id: 'data', label: 'Input & output', content: <Data run={run} /> },
          ]}
        />
        {chosen && isOfSteps ? (
          <StepPanel workflowRunId={run.id} node={chosen} isRunOver={isOver(run)} onChanged={reload} onClose={() => select('')} />
        ) : null}
      </div>
    </Screen>
  );
}

function firstTab({ batchTotal, graph }: WorkflowRun): string {
  if (batchTotal !== null) return 'items';
  return graph.nodes.length > MOST_FOR_GRAPH ? 'steps' : 'graph';
}

function stepTabs(run: WorkflowRun, steps: readonly GraphStep[], selected: string, onSelect: (ref: string) => void): Tab[] {
  return [
    {
      id: 'graph',
      label: 'Graph',
      content: <GraphView label="Steps" steps={steps} edges={run.graph.edges} selected={selected} onSelect={onSelect} />,
    },
    {
      id: 'steps',
      label: 'Timeline',
      count: steps.length,
      content: <StepTable run={run} selected={selected} onSelect={onSelect} />,
    },
  ];
}

/** A batch has no steps of its own: its work is a workflow run for each item. */
function itemsTab({ id, batchTotal }: WorkflowRun, choice: string, onChoice: (choice: string) => void): Tab {
  const content = (
    <div className="flex h-[28rem] flex-col gap-3">
      <WorkflowRunTable filter={{ parentRunId: id }} choice={choice} onChoice={onChoice} />
    </div>
  );
  return { id: 'items', label: 'Items', count: formatNumber(batchTotal ?? 0), content };
}

function Data({ run }: { readonly run: WorkflowRun }) {
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Panel title="Input">
        <JsonView label="the input" value={run.payload} />
      </Panel>
      <Panel title="Output">
        {run.output === null ? <Facts facts={[['Output', 'none yet']]} /> : <JsonView label="the output" value={run.output} />}
      </Panel>
    </div>
  );
}

export const Route = createLazyRoute('/workflow-runs/$workflowRunId')({ component: WorkflowRunScreen });
