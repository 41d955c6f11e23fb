import { useEffect, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { formatExact } from '../ui/format.ts';
import { useToast } from '../ui/toast.tsx';
import type { ActionDialogProps } from './action-dialog.tsx';
import { RescheduleRun } from './action-documents.ts';

const HOUR_MS = 3_600_000;

/** Moves the start of a run that nobody has started; back by undo. */
export function RescheduleDialog({ open, run, onClose, onDone }: ActionDialogProps) {
  const [local, setLocal] = useState('');
  useEffect(() => {
    if (open) setLocal(toLocal(new Date(Date.now() + HOUR_MS)));
  }, [open]);
  const { run: reschedule } = useAction(RescheduleRun);
  const toast = useToast();
  const at = new Date(local);
  const isInstant = !Number.isNaN(at.getTime());

  async function confirm(): Promise<void> {
    const move = (scheduledAt: string) => reschedule({ id: run.id, input: { scheduledAt } });
    await move(at.toISOString());
    await onDone();
    const before = run.scheduledAt ?? new Date().toISOString();
    toast({
      text: `The run starts ${formatExact(at.toISOString())}.`,
      undo: { label: 'Undo', run: () => move(before).then(onDone) },
    });
  }

  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Reschedule this run"
      confirm="Reschedule"
      disabled={!isInstant}
      onConfirm={confirm}
    >
      <div className="grid gap-3">
        <Field label="Start at" hint="In your time zone. A moment in the past means now.">
          {(ids) => (
            <TextInput
              {...ids}
              type="datetime-local"
              step={1}
              value={local}
              onChange={(event) => setLocal(event.target.value)}
              required
            />
          )}
        </Field>
        <p>It keeps its payload and its place by priority, and can be moved again until it has started.</p>
      </div>
    </ConfirmDialog>
  );
}

/** An instant as the control wants it: in the viewer's zone, without naming it. */
function toLocal(instant: Date): string {
  return new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
