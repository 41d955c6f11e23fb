import { useEffect, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { formatNumber } from '../ui/format.ts';
import { CanaryView } from './canary-view.tsx';
import type { RunFilter } from './documents.ts';
import { ReplayProgress } from './replay-progress.tsx';
import { useCanary } from './use-canary.ts';
import { useReplay } from './use-replay.ts';

/** What is to be replayed. */
export interface ReplayTarget {
  /** What they are, for people: a job and an error. */
  readonly words: string;
  readonly filter: RunFilter;
  readonly count: number;
  readonly isCapped: boolean;
  /** When the last of them died, by the server's clock: what dies again while they are replayed is not replayed with them. */
  readonly lastAt: string;
}

interface ReplayDialogProps {
  /** Null closes the dialog. */
  readonly target: ReplayTarget | null;
  readonly onClose: () => void;
  /** Something was replayed. */
  readonly onReplayed: () => void;
}

/** Replays many dead letters: one first, to see whether what failed is mended, then the rest; or all of them at once. */
export function ReplayDialog({ target, onClose, onReplayed }: ReplayDialogProps) {
  return target === null ? null : <OpenDialog target={target} onClose={onClose} onReplayed={onReplayed} />;
}

function OpenDialog({ target, onClose, onReplayed }: ReplayDialogProps & { readonly target: ReplayTarget }) {
  const { canary, send, isSending } = useCanary();
  const { replay, start, stop } = useReplay();
  const [problem, setProblem] = useState<string | null>(null);
  const { state } = replay;
  const rest = Math.max(0, target.count - (canary ? 1 : 0));
  const total = `${formatNumber(target.count)}${target.isCapped ? ' or more' : ''}`;
  const isOpen = state === 'idle';

  useEffect(() => {
    if (canary?.hasEnded || state === 'done' || state === 'stopped') onReplayed();
  }, [canary?.hasEnded, state, onReplayed]);

  async function sendCanary(): Promise<void> {
    setProblem(null);
    await send(target.filter).catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }

  const all = () => void start({ ...target.filter, finishedBefore: new Date(Date.parse(target.lastAt) + 1).toISOString() });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Replay ${total} dead letter${target.count === 1 ? '' : 's'}`}
      actions={
        <>
          {state === 'running' ? <Button onClick={stop}>Stop</Button> : <Button onClick={onClose}>Close</Button>}
          {isOpen && canary === null ? (
            <>
              {target.count > 1 ? <Button onClick={all}>Replay all {total}</Button> : null}
              <Button variant="primary" busy={isSending} onClick={() => void sendCanary()}>
                {target.count > 1 ? 'Replay one first' : 'Replay it'}
              </Button>
            </>
          ) : null}
          {isOpen && canary !== null && rest > 0 ? (
            <Button variant={canary.status === 'COMPLETED' ? 'primary' : 'plain'} onClick={all}>
              {canary.status === 'COMPLETED'
                ? `Replay the other ${formatNumber(rest)}`
                : `Replay the other ${formatNumber(rest)} anyway`}
            </Button>
          ) : null}
        </>
      }
    >
      <div className="grid gap-3">
        <p className="break-words">{target.words}</p>
        {isOpen && canary === null ? (
          <p className="text-muted">
            A replayed run goes back into the queue as its own first attempt, with the payload it had. This cannot be undone, but
            a run that fails again is a dead letter again.
            {target.count > 1 ? ' Replay one first to see whether what failed is mended.' : ''}
          </p>
        ) : null}
        {problem ? (
          <p role="alert" className="rounded-md bg-bad-soft p-2 text-bad">
            {problem}
          </p>
        ) : null}
        {canary ? <CanaryView canary={canary} /> : null}
        {state === 'idle' ? null : <ReplayProgress replay={replay} expected={rest} />}
      </div>
    </Dialog>
  );
}
