import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { IconButton } from '../ui/button.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import { type Step, type StepNode, StepQuery } from './run-documents.ts';
import { StepActions } from './step-actions.tsx';
import { skipWords } from './step-words.ts';

interface StepPanelProps {
  readonly workflowRunId: string;
  /** The step as the graph has it: it is live, and the parts are loaded again when it has changed. */
  readonly node: StepNode;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** One step: what it got, what it gave, who decided, and its runs. */
export function StepPanel({ workflowRunId, node, onChanged, onClose }: StepPanelProps) {
  const [{ data, error }, load] = useQuery({ query: StepQuery, variables: { workflowRunId, ref: node.ref } });
  const step = data?.stepRun.id === node.id ? data.stepRun : null;
  const state = `${node.status} ${node.attempt} ${node.decision} ${node.finishedAt}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the state of the step that asks for its parts anew.
  useEffect(() => load({ requestPolicy: 'cache-and-network' }), [state]);

  return (
    <Panel
      title={node.definition?.name ?? node.ref}
      actions={
        <span className="flex items-center gap-2">
          <StatusBadge status={node.status} />
          <IconButton label="Close the step" icon={X} onClick={onClose} />
        </span>
      }
    >
      {error && !step ? (
        <ProblemNotice problem={toProblem(error)} onRetry={() => load({ requestPolicy: 'network-only' })} />
      ) : null}
      <div className="grid gap-4">
        <StepActions workflowRunId={workflowRunId} node={node} onChanged={onChanged} />
        {step ? <StepParts step={step} /> : <Skeleton lines={4} />}
      </div>
    </Panel>
  );
}

function StepParts({ step }: { readonly step: Step }) {
  const facts: (readonly [string, ReactNode])[] = [
    ['Kind', statusWords(step.kind)],
    ['Attempt', step.attempt],
    ...(step.startedAt
      ? ([[step.finishedAt ? 'Took' : 'For', <Elapsed key="took" from={step.startedAt} to={step.finishedAt} />]] as const)
      : []),
    ...(step.definition?.message ? ([['Asks', step.definition.message]] as const) : []),
    ...(step.definition?.approvers ? ([['Who decides', step.definition.approvers.join(', ')]] as const) : []),
    ...(step.wakeAt ? ([['Goes on', <Time key="wake" at={step.wakeAt} />]] as const) : []),
    ...(step.chosen.length > 0 ? ([['Chose', step.chosen.join(', ')]] as const) : []),
    ...(step.skipReason ? ([['Skipped', skipWords(step.skipReason)]] as const) : []),
    ...(step.keptFrom
      ? ([
          [
            'Kept from',
            <code key="kept" className="font-mono text-xs">
              {step.keptFrom}
            </code>,
          ],
        ] as const)
      : []),
    ...(step.decision ? ([['Decision', decisionWords(step)]] as const) : []),
  ];
  return (
    <>
      <Facts facts={facts} />
      {step.error ? <p className="rounded-md bg-bad-soft p-2 text-bad">{step.error}</p> : null}
      {step.runs.edges.length > 0 || step.workflowRuns.length > 0 ? <Executions step={step} /> : null}
      <div className="grid gap-3 lg:grid-cols-2">
        {step.input === null ? null : <Titled title="Input" value={step.input} />}
        {step.output === null ? null : <Titled title="Output" value={step.output} />}
      </div>
    </>
  );
}

function Titled({ title, value }: { readonly title: string; readonly value: unknown }) {
  return (
    <div className="grid min-w-0 content-start gap-1">
      <h3 className="font-medium">{title}</h3>
      <JsonView label={`the ${title.toLowerCase()} of the step`} value={value} />
    </div>
  );
}

/** The runs that did the work of a step: one for each attempt, or for each item. */
function Executions({ step }: { readonly step: Step }) {
  return (
    <div className="grid gap-1">
      <h3 className="font-medium">Runs</h3>
      <ul className="grid gap-1">
        {step.runs.edges.map(({ node }) => (
          <li key={node.id} className="flex flex-wrap items-center gap-2">
            <StatusBadge status={node.status} />
            <Link to="/runs/$runId" params={{ runId: node.id }} className="font-mono text-xs text-accent underline">
              {node.id}
            </Link>
            {node.startedAt ? <Elapsed from={node.startedAt} to={node.finishedAt} /> : null}
            {node.error ? <span className="min-w-0 truncate text-bad">{node.error}</span> : null}
          </li>
        ))}
        {step.workflowRuns.map(({ id, status }) => (
          <li key={id} className="flex flex-wrap items-center gap-2">
            <StatusBadge status={status} />
            <Link
              to="/workflow-runs/$workflowRunId"
              params={{ workflowRunId: id }}
              className="font-mono text-xs text-accent underline"
            >
              {id}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function decisionWords({ decision, decidedBy, decidedAt, decisionReason }: Step): ReactNode {
  return (
    <>
      {decision?.toLowerCase()} by {decidedBy ?? 'somebody'}
      {decidedAt ? (
        <>
          , <Time at={decidedAt} />
        </>
      ) : null}
      {decisionReason ? `: ${decisionReason}` : ''}
    </>
  );
}
