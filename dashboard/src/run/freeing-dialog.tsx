import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { useToast } from '../ui/toast.tsx';
import type { ActionDialogProps } from './action-dialog.tsx';
import { CancelRun } from './action-documents.ts';
import { ResetCircuit, SetJobsEnabled } from './freeing-documents.ts';
import { RaiseLimitDialog } from './raise-limit-dialog.tsx';
import type { RunReason } from './run-documents.ts';
import { SendEventDialog } from './send-event-dialog.tsx';

/** What a dialog is given that does away with a reason for which a run does not go on. */
export interface FreeingDialogProps extends ActionDialogProps {
  readonly reason: RunReason;
}

interface Simple {
  readonly title: string;
  readonly confirm: string;
  readonly body: string;
  readonly danger?: boolean;
  readonly perform: () => Promise<unknown>;
  readonly told: string;
  readonly undo?: () => Promise<unknown>;
}

/** Asks before something else than the run is changed so that the run goes on, and does it. */
export function FreeingDialog(props: FreeingDialogProps) {
  const { open, reason, onClose, onDone } = props;
  const toast = useToast();
  const simple = useSimple(reason);
  return (
    <>
      <SendEventDialog {...props} open={open && reason.action === 'SEND_EVENT'} />
      <RaiseLimitDialog {...props} open={open && reason.action === 'RAISE_LIMIT'} />
      <ConfirmDialog
        open={open && simple !== null}
        onClose={onClose}
        title={simple?.title ?? ''}
        confirm={simple?.confirm ?? ''}
        danger={simple?.danger ?? false}
        onConfirm={async () => {
          if (!simple) return;
          await simple.perform();
          await onDone();
          const { undo } = simple;
          toast({
            text: simple.told,
            ...(undo && { undo: { label: 'Undo', run: () => undo().then(onDone) } }),
          });
        }}
      >
        <p>{simple?.body}</p>
      </ConfirmDialog>
    </>
  );
}

function useSimple({ action, runId, jobId, circuitId }: RunReason): Simple | null {
  const { run: cancel } = useAction(CancelRun);
  const { run: resetCircuit } = useAction(ResetCircuit);
  const { run: setEnabled } = useAction(SetJobsEnabled);
  if (action === 'CANCEL_HOLDER' && runId !== null)
    return {
      title: 'Cancel the run it waits for?',
      confirm: 'Cancel that run',
      body: `The run ${runId} ends now, together with everything it spawned, and this one goes on. This cannot be undone.`,
      danger: true,
      perform: () => cancel({ id: runId }),
      told: 'The other run is canceled.',
    };
  if (action === 'RESET_CIRCUIT' && circuitId !== null)
    return {
      title: 'Close the circuit?',
      confirm: 'Close circuit',
      body: 'Every run that waits for this endpoint is sent to it at once. If it still cannot be reached, the circuit opens again.',
      perform: () => resetCircuit({ id: circuitId }),
      told: 'The circuit is closed.',
    };
  if (action === 'ENABLE_JOB' && jobId !== null) {
    const set = (enabled: boolean) => setEnabled({ input: { ids: [jobId], enabled } });
    return {
      title: 'Enable the job?',
      confirm: 'Enable job',
      body: 'All its runs that wait in the queue start, as far as its limits allow.',
      perform: () => set(true),
      told: 'The job is enabled.',
      undo: () => set(false),
    };
  }
  return null;
}
