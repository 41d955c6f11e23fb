import { createLazyRoute, Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel, Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import { GraphView } from './graph-view.tsx';
import { RunActions } from './run-actions.tsx';
import type { WorkflowRun } from './run-documents.ts';
import { StepPanel } from './step-panel.tsx';
import { StepTable } from './step-table.tsx';
import { toGraphStep } from './step-words.ts';
import { useWorkflowRun } from './use-workflow-run.ts';
import { WorkflowEvents } from './workflow-events.tsx';

/** One workflow run, followed live: where it stands, what each step did, and what can be done. */
function WorkflowRunScreen() {
  const { workflowRunId } = useParams({ from: '/workflow-runs/$workflowRunId' });
  const { tab = 'graph', step = '' } = useSearch({ from: '/workflow-runs/$workflowRunId' });
  const navigate = useNavigate({ from: '/workflow-runs/$workflowRunId' });
  const { run, problem, reload } = useWorkflowRun(workflowRunId);
  if (!run)
    return (
      <Screen title="Workflow run">
        {problem ? <ProblemNotice problem={problem} onRetry={reload} /> : <Skeleton lines={8} />}
      </Screen>
    );

  const select = (ref: string) => void navigate({ search: (before) => ({ ...before, step: ref }), replace: true });
  const chosen = run.graph.nodes.find(({ ref }) => ref === step);
  const steps = run.graph.nodes.map(toGraphStep);
  return (
    <Screen
      title={run.workflow.name}
      aside={<StatusBadge status={run.status} />}
      actions={<RunActions run={run} selectedStep={chosen?.ref ?? null} onChanged={reload} />}
    >
      <Headline run={run} />
      {run.error === null ? null : (
        <p role="alert" className="rounded-lg bg-bad-soft px-4 py-2 text-bad">
          {run.failedStep === null ? '' : `${run.failedStep}: `}
          {run.error}
        </p>
      )}
      <Tabs
        label="Parts of the workflow run"
        selected={tab}
        onSelect={(id) => void navigate({ search: (before) => ({ ...before, tab: id }), replace: true })}
        tabs={[
          {
            id: 'graph',
            label: 'Graph',
            content: <GraphView label="Steps" steps={steps} edges={run.graph.edges} selected={step} onSelect={select} />,
          },
          {
            id: 'steps',
            label: 'Timeline',
            count: steps.length,
            content: <StepTable run={run} selected={step} onSelect={select} />,
          },
          { id: 'events', label: 'Events', content: <WorkflowEvents run={run} /> },
          { id: 'data', label: 'Input & output', content: <Data run={run} /> },
        ]}
      />
      {chosen && (tab === 'graph' || tab === 'steps') ? (
        <StepPanel workflowRunId={run.id} node={chosen} onChanged={reload} onClose={() => select('')} />
      ) : null}
    </Screen>
  );
}

/** When, how long, by whom, and the executions it belongs with. */
function Headline({ run }: { readonly run: WorkflowRun }) {
  return (
    <div className="flex flex-wrap gap-x-6 gap-y-1 text-muted">
      <span className="font-mono text-xs leading-5">{run.id}</span>
      <span>
        Created <Time at={run.createdAt} /> by {run.triggeredBy}
      </span>
      {run.startedAt ? (
        <span>
          {run.finishedAt ? 'Took' : 'Running for'} <Elapsed from={run.startedAt} to={run.finishedAt} />
        </span>
      ) : null}
      <span>Version {run.workflowVersion}</span>
      {run.parentRunId ? (
        <span>
          Part of <RunLink id={run.parentRunId}>another workflow run</RunLink>
        </span>
      ) : null}
      {run.retryOf ? (
        <span>
          Retry{run.retryMode ? ` (${statusWords(run.retryMode)})` : ''} of <RunLink id={run.retryOf}>an earlier one</RunLink>
        </span>
      ) : null}
      {run.retries.edges.map(({ node }) => (
        <span key={node.id}>
          Retried by <RunLink id={node.id}>a later one</RunLink> <StatusBadge status={node.status} />
        </span>
      ))}
    </div>
  );
}

function RunLink({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <Link to="/workflow-runs/$workflowRunId" params={{ workflowRunId: id }} className="text-accent underline">
      {children}
    </Link>
  );
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
