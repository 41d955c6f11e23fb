import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useCan } from '../app/viewer.tsx';
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
import { StepWork } from './step-work.tsx';

interface StepPanelProps {
  readonly workflowRunId: string;
  /** The step as the graph has it: it is live, and the parts are loaded again when it has changed. */
  readonly node: StepNode;
  readonly isRunOver: boolean;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** One step: what it got, what it gave, who decided, and its runs. */
export function StepPanel({ workflowRunId, node, isRunOver, onChanged, onClose }: StepPanelProps) {
  const variables = { workflowRunId, ref: node.ref, withRuns: useCan('RUNS_READ') };
  const [{ data, error }, load] = useQuery({ query: StepQuery, variables });
  const step = data?.stepRun.id === node.id ? data.stepRun : null;
  const state = `${node.id} ${node.status} ${node.attempt} ${node.decision} ${node.finishedAt} ${node.mapStarted}`;
  const loaded = useRef(state);
  useEffect(() => {
    if (loaded.current === state) return;
    loaded.current = state;
    load({ requestPolicy: 'network-only' });
  }, [state, load]);

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
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <StepActions key={node.id} workflowRunId={workflowRunId} node={node} isRunOver={isRunOver} onChanged={onChanged} />
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
      <StepWork step={step} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
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
