import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { formatNumber } from '../ui/format.ts';
import { Panel } from '../ui/screen.tsx';
import { Badge, statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { useToast } from '../ui/toast.tsx';
import { type Circuit, ResetCircuitMutation } from './documents.ts';

interface CircuitsPanelProps {
  readonly circuits: readonly Circuit[];
  readonly onReset: () => void;
}

/** The endpoints that runs are kept away from, and a way to let them through. */
export function CircuitsPanel({ circuits, onReset }: CircuitsPanelProps) {
  const canWrite = useCan('JOBS_WRITE');
  const { run } = useAction(ResetCircuitMutation);
  const toast = useToast();
  const [resetting, setResetting] = useState<Circuit | null>(null);
  return (
    <Panel title="Circuit breakers">
      {circuits.length === 0 ? (
        <p className="text-muted">None is open: every endpoint of a job could be reached when it was last asked.</p>
      ) : (
        <ul className="grid gap-3">
          {circuits.map((circuit) => (
            <li key={circuit.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Badge tone={circuit.state === 'OPEN' ? 'bad' : 'warn'}>{statusWords(circuit.state)}</Badge>
              <span className="min-w-0 flex-1 basis-60">
                <span className="block font-mono text-xs break-all">{circuit.endpoint}</span>
                <span className="text-xs text-muted">
                  {formatNumber(circuit.failures)} failures in a row, open since <Time at={circuit.openedAt} />
                  {circuit.retryAt ? (
                    <>
                      , tried again <Time at={circuit.retryAt} />
                    </>
                  ) : null}
                </span>
              </span>
              {canWrite ? <Button onClick={() => setResetting(circuit)}>Reset</Button> : null}
            </li>
          ))}
        </ul>
      )}
      <ConfirmDialog
        open={resetting !== null}
        onClose={() => setResetting(null)}
        title="Reset the circuit breaker"
        confirm="Reset the circuit"
        onConfirm={async () => {
          if (!resetting) return;
          await run({ id: resetting.id });
          toast({ text: 'The circuit breaker is closed: waiting runs go now.' });
          onReset();
        }}
      >
        <p>
          The runs that wait for <span className="break-all">{resetting?.endpoint}</span> are sent at once, whether it can be
          reached again or not. If not, the circuit opens again.
        </p>
      </ConfirmDialog>
    </Panel>
  );
}
