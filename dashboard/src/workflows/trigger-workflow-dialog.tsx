import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, TextArea, TextInput } from '../ui/field.tsx';
import { TriggerWorkflowMutation, type Workflow } from './documents.ts';

interface TriggerWorkflowDialogProps {
  /** What to trigger; null shows nothing. */
  readonly workflow: Pick<Workflow, 'id' | 'name'> | null;
  readonly onClose: () => void;
}

/** Starts a workflow with an input; the server checks it against the schema and says at which field it is wrong. */
export function TriggerWorkflowDialog({ workflow, onClose }: TriggerWorkflowDialogProps) {
  const trigger = useAction(TriggerWorkflowMutation);
  const navigate = useNavigate();
  const [payload, setPayload] = useState('{}');
  const [key, setKey] = useState('');

  async function submit(): Promise<void> {
    if (!workflow) return;
    const input = { workflow: workflow.id, payload: parse(payload), ...(key.trim() !== '' && { idempotencyKey: key.trim() }) };
    const { triggerWorkflow } = await trigger.run({ input });
    await navigate({ to: '/workflow-runs/$workflowRunId', params: { workflowRunId: triggerWorkflow.id } });
  }

  return (
    <ConfirmDialog
      open={workflow !== null}
      onClose={onClose}
      title={`Trigger ${workflow?.name ?? ''}`}
      confirm="Trigger"
      onConfirm={submit}
    >
      <div className="grid gap-4">
        <Field label="Input" hint="JSON">
          {(ids) => (
            <TextArea
              {...ids}
              rows={8}
              className="font-mono text-xs"
              value={payload}
              onChange={(event) => setPayload(event.target.value)}
            />
          )}
        </Field>
        <Field label="Idempotency key" hint="May stay empty. A second trigger with the same key answers the same workflow run.">
          {(ids) => <TextInput {...ids} value={key} onChange={(event) => setKey(event.target.value)} />}
        </Field>
      </div>
    </ConfirmDialog>
  );
}

function parse(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new Error(`The input is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
