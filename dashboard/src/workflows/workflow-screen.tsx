import { createLazyRoute, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Panel, Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { useToast } from '../ui/toast.tsx';
import { SetWorkflowEnabledMutation, type Workflow, WorkflowQuery } from './documents.ts';
import { GraphView } from './graph-view.tsx';
import { StepFacts } from './step-facts.tsx';
import { TriggerWorkflowDialog } from './trigger-workflow-dialog.tsx';
import { WorkflowRunTable } from './workflow-run-table.tsx';
import { WorkflowVersions } from './workflow-versions.tsx';

/** One workflow: its graph, its runs, its versions. */
function WorkflowScreen() {
  const { workflowId } = useParams({ from: '/workflows/$workflowId' });
  const { tab = 'graph', step = null, status = '' } = useSearch({ from: '/workflows/$workflowId' });
  const navigate = useNavigate({ from: '/workflows/$workflowId' });
  const [{ data, error }, load] = useQuery({ query: WorkflowQuery, variables: { id: workflowId } });
  const [triggering, setTriggering] = useState(false);
  const [switching, setSwitching] = useState(false);
  const canTrigger = useCan('WORKFLOWS_TRIGGER');
  const canWrite = useCan('WORKFLOWS_WRITE');
  const setEnabled = useAction(SetWorkflowEnabledMutation);
  const toast = useToast();
  const showStep = useCallback(
    (ref: string) => void navigate({ search: { tab: 'graph', step: ref }, replace: true }),
    [navigate],
  );
  const workflow = data?.workflow;
  if (!workflow) {
    const retry = () => load({ requestPolicy: 'network-only' });
    return (
      <Screen title="Workflow">
        {error ? <ProblemNotice problem={toProblem(error)} onRetry={retry} /> : <Skeleton lines={8} />}
      </Screen>
    );
  }
  const { id, name, enabled, current } = workflow;

  async function switchTo(to: boolean): Promise<void> {
    await setEnabled.run({ id, enabled: to });
    toast({
      text: `${name} is ${to ? 'enabled' : 'disabled'}.`,
      undo: { label: 'Undo', run: () => setEnabled.run({ id, enabled: !to }) },
    });
  }

  return (
    <Screen
      title={name}
      aside={enabled ? <Badge tone="ok">enabled</Badge> : <Badge>disabled</Badge>}
      actions={
        <>
          {canWrite ? <Button onClick={() => setSwitching(true)}>{enabled ? 'Disable' : 'Enable'}</Button> : null}
          {canTrigger ? (
            <Button variant="primary" icon={Play} disabled={!enabled} onClick={() => setTriggering(true)}>
              Trigger
            </Button>
          ) : null}
        </>
      }
    >
      {workflow.description === '' ? null : <p className="max-w-prose text-muted">{workflow.description}</p>}
      <Tabs
        label="Parts of the workflow"
        selected={tab}
        onSelect={(to) => void navigate({ search: { tab: to }, replace: true })}
        tabs={[
          {
            id: 'graph',
            label: 'Graph',
            count: current.steps.length,
            content: <Definition workflow={workflow} step={step} onStep={showStep} />,
          },
          {
            id: 'runs',
            label: 'Runs',
            content: (
              <div className="flex h-[calc(100dvh-12rem)] min-h-80 flex-col gap-3">
                <WorkflowRunTable
                  filter={{ workflow: id }}
                  choice={status}
                  onChoice={(to) => void navigate({ search: { tab: 'runs', status: to }, replace: true })}
                />
              </div>
            ),
          },
          { id: 'versions', label: 'Versions', count: workflow.version, content: <WorkflowVersions workflow={workflow} /> },
        ]}
      />
      <TriggerWorkflowDialog workflow={workflow} open={triggering} onClose={() => setTriggering(false)} />
      <ConfirmDialog
        open={switching}
        onClose={() => setSwitching(false)}
        title={`${enabled ? 'Disable' : 'Enable'} ${name}`}
        confirm={enabled ? 'Disable it' : 'Enable it'}
        onConfirm={() => switchTo(!enabled)}
      >
        <p>{enabled ? 'Triggers and schedules are refused from now on; what runs goes on.' : 'It can be triggered again.'}</p>
      </ConfirmDialog>
    </Screen>
  );
}

interface DefinitionProps {
  readonly workflow: Workflow;
  readonly step: string | null;
  readonly onStep: (ref: string) => void;
}

function Definition({ workflow: { name, current }, step, onStep }: DefinitionProps) {
  const chosen = current.steps.find(({ ref }) => ref === step);
  return (
    <div className="grid gap-3">
      <GraphView
        label={`Steps of ${name}`}
        steps={current.steps.map(({ ref, name: of, kind }) => ({ ref, name: of, kind, status: null, note: null }))}
        edges={current.steps.flatMap(({ ref, dependsOn }) => dependsOn.map((from) => ({ from, to: ref })))}
        selected={step}
        onSelect={onStep}
      />
      {chosen ? <StepFacts step={chosen} /> : <p className="text-muted">Choose a step to see what it does.</p>}
      {current.inputSchema === null ? null : (
        <Panel title="Input schema">
          <JsonView label="the input schema" value={current.inputSchema} />
        </Panel>
      )}
    </div>
  );
}

export const Route = createLazyRoute('/workflows/$workflowId')({ component: WorkflowScreen });
