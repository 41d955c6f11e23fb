import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { JsonView } from '../ui/json-view.tsx';
import { Facts, Panel } from '../ui/screen.tsx';
import { statusWords } from '../ui/status-badge.tsx';
import type { StepDefinition } from './documents.ts';

/** What a step of a definition does, in words. */
export function StepFacts({ step }: { readonly step: StepDefinition }) {
  const facts: (readonly [string, ReactNode])[] = [
    ['Kind', statusWords(step.kind)],
    [
      'Ref',
      <code key="ref" className="font-mono text-xs">
        {step.ref}
      </code>,
    ],
    ['After', step.dependsOn.length === 0 ? 'nothing: it is among the first' : step.dependsOn.join(', ')],
    ['When it fails', statusWords(step.onFailure)],
    ...(step.jobId === null ? [] : ([['Job', <JobLink key="job" id={step.jobId} />]] as const)),
    ...(step.workflowId === null ? [] : ([['Workflow', <WorkflowLink key="workflow" id={step.workflowId} />]] as const)),
    ...(step.message === null ? [] : ([['Asks', step.message]] as const)),
    ...(step.approvers === null ? [] : ([['Who decides', step.approvers.join(', ')]] as const)),
    ...(step.eventKey === null ? [] : ([['Waits for', step.eventKey]] as const)),
    ...(step.items === null
      ? []
      : ([
          [
            'For each of',
            <code key="items" className="font-mono text-xs">
              {step.items}
            </code>,
          ],
        ] as const)),
    ...(step.whenTrue.length === 0 ? [] : ([['If it holds', step.whenTrue.join(', ')]] as const)),
    ...(step.whenFalse.length === 0 ? [] : ([['If it does not', step.whenFalse.join(', ')]] as const)),
    ...step.routes.map(({ name, to }) => [`Way ${name}`, to.join(', ')] as const),
    ...(step.otherwise.length === 0 ? [] : ([['Otherwise', step.otherwise.join(', ')]] as const)),
    ...(step.sleepSecs === null ? [] : ([['Sleeps', `${step.sleepSecs} s`]] as const)),
    ...(step.sleepUntil === null ? [] : ([['Sleeps until', step.sleepUntil]] as const)),
    ...(step.toleratesFailedItems ? ([['Failed items', 'have the result null']] as const) : []),
    ...(step.concurrency === null ? [] : ([['Side by side', `at most ${step.concurrency}`]] as const)),
    ...(step.maxAttempts === null ? [] : ([['Attempts', `at most ${step.maxAttempts}`]] as const)),
    ...(step.timeoutSecs === null ? [] : ([['Timeout', `${step.timeoutSecs} s`]] as const)),
    ...(step.inputTransform === null
      ? []
      : ([
          [
            'Input',
            <code key="in" className="font-mono text-xs">
              {step.inputTransform}
            </code>,
          ],
        ] as const)),
    ...(step.outputTransform === null
      ? []
      : ([
          [
            'Output',
            <code key="out" className="font-mono text-xs">
              {step.outputTransform}
            </code>,
          ],
        ] as const)),
  ];
  return (
    <Panel title={step.name}>
      <div className="grid gap-3">
        <Facts facts={facts} />
        {step.when === null ? null : <JsonView label="what decides" value={step.when} />}
        {step.condition === null ? null : <JsonView label="the condition" value={step.condition} />}
        {step.payload === null ? null : <JsonView label="the payload" value={step.payload} />}
      </div>
    </Panel>
  );
}

function JobLink({ id }: { readonly id: string }) {
  return (
    <Link to="/jobs/$jobId" params={{ jobId: id }} className="font-mono text-xs text-accent underline">
      {id}
    </Link>
  );
}

function WorkflowLink({ id }: { readonly id: string }) {
  return (
    <Link to="/workflows/$workflowId" params={{ workflowId: id }} className="font-mono text-xs text-accent underline">
      {id}
    </Link>
  );
}
