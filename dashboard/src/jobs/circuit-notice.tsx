import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Time } from '../ui/time.tsx';
import { useToast } from '../ui/toast.tsx';
import { ResetCircuitMutation } from './documents.ts';
import type { Circuit } from './job-document.ts';

interface CircuitNoticeProps {
  readonly circuit: Circuit;
  readonly onReset: () => void;
}

/** Says that runs are kept away from the endpoint, until when, and lets them through at once. Nothing for a circuit that is closed. */
export function CircuitNotice({ circuit, onReset }: CircuitNoticeProps) {
  const { run } = useAction(ResetCircuitMutation);
  const canWrite = useCan('JOBS_WRITE');
  const toast = useToast();
  const [open, setOpen] = useState(false);
  if (circuit.state === 'CLOSED') return null;
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-xl border border-bad bg-bad-soft px-4 py-3 text-bad">
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {circuit.state === 'OPEN'
            ? 'The circuit breaker is open: no run is sent.'
            : 'The circuit breaker is half open: one run tries.'}
        </p>
        <p className="break-words">
          {circuit.endpoint} could not be reached {circuit.failures} times in a row, the last time <Time at={circuit.openedAt} />.
          {circuit.retryAt ? (
            <>
              {' '}
              The next run tries it <Time at={circuit.retryAt} />; the others wait in the queue.
            </>
          ) : null}
        </p>
      </div>
      {canWrite ? <Button onClick={() => setOpen(true)}>Reset the circuit</Button> : null}
      <ConfirmDialog
        open={open}
        onClose={() => setOpen(false)}
        title="Reset the circuit breaker"
        confirm="Reset"
        onConfirm={async () => {
          await run({ id: circuit.id });
          toast({ text: 'The circuit breaker is closed: waiting runs go now.' });
          onReset();
        }}
      >
        <p>
          The runs that wait for {circuit.endpoint} are sent at once, whether it can be reached again or not. If not, the circuit
          breaker opens again after five of them.
        </p>
      </ConfirmDialog>
    </div>
  );
}
