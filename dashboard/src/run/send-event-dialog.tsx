import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, TextArea } from '../ui/field.tsx';
import { useToast } from '../ui/toast.tsx';
import type { FreeingDialogProps } from './freeing-dialog.tsx';
import { SendEvent } from './freeing-documents.ts';

/** Sends the event that the run waits for, with a payload. */
export function SendEventDialog({ open, reason, onClose, onDone }: FreeingDialogProps) {
  const [text, setText] = useState('{}');
  const { run: send } = useAction(SendEvent);
  const toast = useToast();
  const parsed = parse(text);

  async function confirm(): Promise<void> {
    await send({ key: reason.eventKey ?? '', payload: parsed.value });
    await onDone();
    toast({ text: 'The event is sent, and the run goes on.' });
  }

  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Send the event"
      confirm="Send event"
      disabled={parsed.problem !== null}
      onConfirm={confirm}
    >
      <div className="grid gap-3">
        <p>
          The run waits for <span className="font-mono break-all">{reason.eventKey}</span>. It gets the payload and goes on; this
          cannot be undone.
        </p>
        <Field label="Payload" hint="Any JSON." error={parsed.problem}>
          {(ids) => <TextArea {...ids} className="font-mono" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
      </div>
    </ConfirmDialog>
  );
}

function parse(text: string): { readonly value: unknown; readonly problem: string | null } {
  try {
    return { value: text.trim() === '' ? null : JSON.parse(text), problem: null };
  } catch (error) {
    return { value: null, problem: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
