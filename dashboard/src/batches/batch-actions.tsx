import { Ban } from 'lucide-react';
import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { formatNumber } from '../ui/format.ts';
import { useToast } from '../ui/toast.tsx';
import { type Batch, CancelBatchMutation, ResumeBatchMutation } from './documents.ts';

/** What can be done to a batch that is under way: cancel what has not ended, and take that back. */
export function BatchActions({ batch, onChanged }: { readonly batch: Batch; readonly onChanged: () => void }) {
  const canWrite = useCan('RUNS_WRITE');
  const cancel = useAction(CancelBatchMutation);
  const resume = useAction(ResumeBatchMutation);
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  if (!canWrite || batch.isFinished) return null;
  const ended = Math.round(batch.progress * batch.total);

  async function undo(): Promise<void> {
    await resume.run({ id: batch.id });
    onChanged();
  }

  async function doCancel(): Promise<void> {
    await cancel.run({ id: batch.id });
    toast({ text: 'The batch is canceled.', undo: { label: 'Go on', run: undo } });
    onChanged();
  }

  return (
    <>
      <Button icon={Ban} variant="danger" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Cancel the batch"
        confirm="Cancel the batch"
        danger
        onConfirm={doCancel}
      >
        <p>
          Whatever has not ended is canceled, about {formatNumber(batch.total - ended)} of {formatNumber(batch.total)} runs;
          results stay. It can be made to go on where it left off.
        </p>
      </ConfirmDialog>
    </>
  );
}
