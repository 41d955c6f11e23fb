import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { Time } from '../ui/time.tsx';
import { ReplayRun } from './action-documents.ts';
import { RunCheckpointsQuery } from './report-documents.ts';
import { Disclosure, RunListView } from './run-list.tsx';
import type { LiveRun } from './use-run.ts';
import { useRunList } from './use-run-list.ts';

/** Where the run can go on; one that has failed can be replayed from each of them. */
export function CheckpointsTab({ live, mayReplay }: { readonly live: LiveRun; readonly mayReplay: boolean }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const { run: replay } = useAction(ReplayRun);
  const navigate = useNavigate();
  const list = useRunList(live, {
    document: RunCheckpointsQuery,
    pick: ({ run }) => run.checkpoints,
    types: ['CHECKPOINT'],
    // The newest comes first.
    isGrowing: false,
  });

  async function confirm(): Promise<void> {
    const { replayRun } = await replay({ id: live.run.id, fromCheckpoint: chosen });
    await navigate({ to: '/runs/$runId', params: { runId: replayRun.id } });
  }

  return (
    <>
      <RunListView
        list={list}
        label="checkpoints"
        empty={
          <p>An executor that saves checkpoints does not begin at the beginning when its attempt is lost. They appear here.</p>
        }
      >
        {(rows) =>
          rows.map(({ id, sequence, source, state, createdAt }) => (
            <Disclosure
              key={id}
              summary={
                <>
                  <span className="font-medium">Checkpoint {sequence}</span>
                  <span className="text-muted">{source}</span>
                  <span className="text-muted">
                    <Time at={createdAt} />
                  </span>
                </>
              }
            >
              <JsonView value={state} label={`Checkpoint ${sequence}`} />
              {mayReplay ? (
                <Button className="justify-self-start" onClick={() => setChosen(sequence)}>
                  Replay from here
                </Button>
              ) : null}
            </Disclosure>
          ))
        }
      </RunListView>
      <ConfirmDialog
        open={chosen !== null}
        onClose={() => setChosen(null)}
        title={`Replay from checkpoint ${chosen ?? ''}?`}
        confirm="Replay"
        onConfirm={confirm}
      >
        <p>
          A new run of the job as it is now gets the state of the checkpoint as its payload, in debug mode. This run stays as it
          is.
        </p>
      </ConfirmDialog>
    </>
  );
}
