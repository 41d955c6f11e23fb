import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { PayloadEditor, type PayloadMode } from '../jobs/trigger/payload-editor.tsx';
import { checkPayload } from '../jobs/trigger/payload-faults.ts';
import { usePayload } from '../jobs/trigger/use-payload.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { TriggerWorkflowMutation, type Workflow } from './documents.ts';

interface TriggerWorkflowDialogProps {
  readonly workflow: Workflow;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Starts a workflow with an input, by a form where it has a schema; the server has the last word on whether the input fits. */
export function TriggerWorkflowDialog({ workflow, open, onClose }: TriggerWorkflowDialogProps) {
  const { inputSchema } = workflow.current;
  const trigger = useAction(TriggerWorkflowMutation);
  const navigate = useNavigate();
  const payload = usePayload({});
  const [mode, setMode] = useState<PayloadMode>('form');
  const [key, setKey] = useState('');
  /** Nobody is told of faults in what they have not yet filled in. */
  const [isTried, setTried] = useState(false);

  async function submit(): Promise<void> {
    setTried(true);
    if (payload.fault) throw new Error(`The input is no JSON: ${payload.fault}`);
    const input = {
      workflow: workflow.id,
      payload: payload.value ?? null,
      ...(key.trim() !== '' && { idempotencyKey: key.trim() }),
    };
    const { triggerWorkflow } = await trigger.run({ input });
    await navigate({ to: '/workflow-runs/$workflowRunId', params: { workflowRunId: triggerWorkflow.id } });
  }

  return (
    <ConfirmDialog open={open} onClose={onClose} title={`Trigger ${workflow.name}`} confirm="Trigger" onConfirm={submit}>
      <div className="grid gap-4">
        <PayloadEditor
          schema={inputSchema}
          payload={payload}
          faults={isTried && inputSchema ? checkPayload(inputSchema, payload.value) : []}
          mode={mode}
          onMode={setMode}
        />
        <Field label="Idempotency key" hint="May stay empty. A second trigger with the same key answers the same workflow run.">
          {(ids) => <TextInput {...ids} value={key} onChange={(event) => setKey(event.target.value)} />}
        </Field>
      </div>
    </ConfirmDialog>
  );
}
