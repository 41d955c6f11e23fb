import { useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { formatNumber } from '../../ui/format.ts';
import { ProblemNotice } from '../../ui/problem-notice.tsx';
import type { RunRow } from '../list/run-row.ts';
import { BulkPreview } from './bulk-preview.tsx';
import { BulkProgress } from './bulk-progress.tsx';
import { doPiece, type Target } from './do-piece.ts';
import { MomentField } from './moment-field.tsx';
import type { Operation } from './operations.ts';
import { usePreview } from './use-preview.ts';
import { NO_PROGRESS, type Progress, workOff } from './work-off.ts';

interface BulkDialogProps {
  readonly operation: Operation;
  readonly target: Target;
  /** The rows that are loaded, which ids are looked up in. */
  readonly rows: readonly RunRow[];
  readonly onClose: () => void;
}

type Stage = 'asking' | 'working' | 'over';

/** Says what an operation over many runs would do, does it piece by piece, and says what came of it. It can be stopped between two pieces. */
export function BulkDialog({ operation, target, rows, onClose }: BulkDialogProps) {
  const client = useClient();
  const [stage, setStage] = useState<Stage>('asking');
  const [progress, setProgress] = useState<Progress>(NO_PROGRESS);
  const [fault, setFault] = useState<string | null>(null);
  const [moment, setMoment] = useState<Date | null>(null);
  // What was chosen is what is done: rows that change meanwhile change nothing about it.
  const frozen = useRef(rows);
  const preview = usePreview(operation, target, frozen.current);
  const isStopped = useRef(false);
  const [isStopping, setStopping] = useState(false);
  useEffect(
    () => () => {
      isStopped.current = true;
    },
    [],
  );
  const stop = () => {
    isStopped.current = true;
    setStopping(true);
  };

  async function work(): Promise<void> {
    setStage('working');
    isStopped.current = false;
    const order = { operation: operation.id, target: preview.target, scheduledAt: moment?.toISOString() ?? null };
    try {
      await workOff({ doPiece: (at) => doPiece(client, order, at), onProgress: setProgress, isStopped: () => isStopped.current });
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setStage('over');
  }

  const { count, isCapped } = preview;
  const number = count === null ? '' : `${formatNumber(count)}${isCapped ? '+' : ''} ${count === 1 ? 'run' : 'runs'}`;
  const needsMoment = operation.id === 'RESCHEDULE';
  return (
    <Dialog
      open
      wide
      onClose={stage === 'working' ? stop : onClose}
      title={`${operation.verb}: ${count === null ? 'counting' : number}`}
      actions={
        <>
          {stage === 'working' ? (
            <Button onClick={stop} busy={isStopping}>
              Stop
            </Button>
          ) : (
            <Button onClick={onClose}>Close</Button>
          )}
          {stage === 'asking' && count !== 0 ? (
            <Button
              variant={operation.isDanger ? 'danger' : 'primary'}
              disabled={!count || (needsMoment && moment === null)}
              onClick={() => void work()}
            >
              {operation.verb} {number}
            </Button>
          ) : null}
        </>
      }
    >
      {preview.problem ? <ProblemNotice problem={preview.problem} /> : null}
      {stage === 'asking' ? (
        <div className="grid gap-3">
          <BulkPreview operation={operation} preview={preview} />
          {needsMoment ? <MomentField value={moment} onChange={setMoment} /> : null}
        </div>
      ) : (
        <BulkProgress
          operation={operation}
          progress={progress}
          count={count ?? 0}
          isCapped={isCapped}
          isOver={stage === 'over'}
          isStopped={isStopping}
          fault={fault}
        />
      )}
    </Dialog>
  );
}
