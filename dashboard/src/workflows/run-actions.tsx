import { useNavigate } from '@tanstack/react-router';
import { Ban, Pause, Play, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { VariablesOf } from '../api/graphql.ts';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';
import { useToast } from '../ui/toast.tsx';
import {
  CancelWorkflowRunMutation,
  PauseWorkflowRunMutation,
  ResumeWorkflowRunMutation,
  RetryWorkflowRunMutation,
  type WorkflowRun,
} from './run-documents.ts';
import { isOver } from './use-workflow-run.ts';

type RetryMode = NonNullable<VariablesOf<typeof RetryWorkflowRunMutation>['input']['mode']>;

interface RunActionsProps {
  readonly run: WorkflowRun;
  /** The step that is selected, to retry from. */
  readonly selectedStep: string | null;
  readonly onChanged: () => void;
}

/** What can be done to the whole of a workflow run as it stands. */
export function RunActions({ run, selectedStep, onChanged }: RunActionsProps) {
  const canWrite = useCan('WORKFLOWS_WRITE');
  const cancel = useAction(CancelWorkflowRunMutation);
  const pause = useAction(PauseWorkflowRunMutation);
  const resume = useAction(ResumeWorkflowRunMutation);
  const retry = useAction(RetryWorkflowRunMutation);
  const navigate = useNavigate();
  const toast = useToast();
  const [question, setQuestion] = useState<'cancel' | 'pause' | null>(null);
  const [mode, setMode] = useState<RetryMode | null>(null);
  const [reason, setReason] = useState('');
  if (!canWrite) return null;
  const input = { id: run.id, ...(reason.trim() !== '' && { reason: reason.trim() }) };

  async function doResume(): Promise<void> {
    await resume.run({ input: { id: run.id } });
    onChanged();
  }

  async function doRetry(): Promise<void> {
    if (mode === null) return;
    const { retryWorkflowRun } = await retry.run({
      input: { id: run.id, mode, ...(mode === 'FROM_STEP' && selectedStep !== null && { step: selectedStep }) },
    });
    await navigate({ to: '/workflow-runs/$workflowRunId', params: { workflowRunId: retryWorkflowRun.id } });
  }

  async function doStop(): Promise<void> {
    if (question === 'cancel') await cancel.run({ input });
    else {
      await pause.run({ input });
      toast({ text: 'The workflow run is paused.', undo: { label: 'Resume', run: doResume } });
    }
    setReason('');
    onChanged();
  }

  return (
    <>
      {isOver(run) ? (
        <Menu
          trigger={
            <Button icon={RotateCcw} variant={run.status === 'COMPLETED' ? 'plain' : 'primary'}>
              Retry
            </Button>
          }
          items={[
            { label: 'What has not completed', disabled: run.status === 'COMPLETED', onSelect: () => setMode('FROM_FAILED') },
            {
              label: selectedStep === null ? 'From a step: select one first' : `From ${selectedStep} on`,
              disabled: selectedStep === null,
              onSelect: () => setMode('FROM_STEP'),
            },
            { label: 'Everything', onSelect: () => setMode('FULL') },
          ]}
        />
      ) : (
        <>
          {run.status === 'PAUSED' ? (
            <Button
              icon={Play}
              variant="primary"
              busy={resume.isRunning}
              onClick={() => void doResume().catch((error: Error) => toast({ text: error.message }))}
            >
              Resume
            </Button>
          ) : (
            <Button icon={Pause} onClick={() => setQuestion('pause')}>
              Pause
            </Button>
          )}
          <Button icon={Ban} variant="danger" onClick={() => setQuestion('cancel')}>
            Cancel
          </Button>
        </>
      )}
      <ConfirmDialog
        open={question !== null}
        onClose={() => setQuestion(null)}
        title={question === 'cancel' ? 'Cancel the workflow run' : 'Pause the workflow run'}
        confirm={question === 'cancel' ? 'Cancel it' : 'Pause it'}
        danger={question === 'cancel'}
        onConfirm={doStop}
      >
        <div className="grid gap-3">
          <p>
            {question === 'cancel'
              ? 'Steps under way are canceled with their runs, and no other starts. It can be retried afterwards.'
              : 'Steps under way go on to their end; no other starts until it is resumed.'}
          </p>
          <Field label="Reason" hint="Stands in its events. May stay empty.">
            {(ids) => <TextInput {...ids} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
        </div>
      </ConfirmDialog>
      <ConfirmDialog
        open={mode !== null}
        onClose={() => setMode(null)}
        title="Retry the workflow run"
        confirm="Retry"
        onConfirm={doRetry}
      >
        <p>
          {mode === 'FULL' ? 'Every step is done again' : null}
          {mode === 'FROM_FAILED' ? 'What has completed is kept, everything else is done again' : null}
          {mode === 'FROM_STEP' ? `${selectedStep} and everything after it are done again, the rest is kept` : null}: as a new
          workflow run, which says that it retries this one.
        </p>
      </ConfirmDialog>
    </>
  );
}
