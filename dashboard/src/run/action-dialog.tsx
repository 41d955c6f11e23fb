import { useNavigate } from '@tanstack/react-router';
import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { useClient } from 'urql';
import { ProblemError, toProblem } from '../api/problem.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { useToast } from '../ui/toast.tsx';
import { CancelRun, PauseRun, ReplayDeadLetter, ReplayRun, ResumeRun, SetDebugMode } from './action-documents.ts';
import { RescheduleDialog } from './reschedule-dialog.tsx';
import { RestartDialog } from './restart-dialog.tsx';
import type { RunHead } from './run-documents.ts';

/** What a person can do to a run, in the order of the buttons. */
export const RUN_ACTIONS = [
  'REPLAY_DEAD_LETTER',
  'REPLAY',
  'RESUME',
  'PAUSE',
  'RESTART',
  'RESCHEDULE',
  'CANCEL',
  'SET_DEBUG',
] as const;

/** A member of {@link RUN_ACTIONS}. */
export type RunAction = (typeof RUN_ACTIONS)[number];

/** What every dialog of an action is given. */
export interface ActionDialogProps {
  readonly open: boolean;
  readonly run: RunHead;
  readonly onClose: () => void;
  /** It is done: ask how the run stands. */
  readonly onDone: () => Promise<void>;
}

/** Asks before `action` is done to a run, does it, and offers the way back where there is one. */
export function ActionDialog({ action, ...props }: Omit<ActionDialogProps, 'open'> & { readonly action: RunAction | null }) {
  const perform = usePerform(props);
  const { run, onClose } = props;
  const simple = action === 'RESCHEDULE' || action === 'RESTART' ? null : action;
  const text = simple === null ? null : TEXTS[simple](run);
  return (
    <>
      <RescheduleDialog {...props} open={action === 'RESCHEDULE'} />
      <RestartDialog {...props} open={action === 'RESTART'} />
      <ConfirmDialog
        open={text !== null}
        onClose={onClose}
        title={text?.title ?? ''}
        confirm={text?.confirm ?? ''}
        danger={action === 'CANCEL'}
        onConfirm={async () => {
          if (simple !== null) await perform[simple]();
        }}
      >
        <p>{text?.body}</p>
      </ConfirmDialog>
    </>
  );
}

type Simple = Exclude<RunAction, 'RESCHEDULE' | 'RESTART'>;

const TEXTS: Readonly<Record<Simple, (run: RunHead) => { title: string; confirm: string; body: string }>> = {
  CANCEL: () => ({
    title: 'Cancel this run?',
    confirm: 'Cancel run',
    body: 'It ends now, together with everything it spawned. Its executor is told when it reports next. This cannot be undone; the work can be triggered again.',
  }),
  REPLAY: () => ({
    title: 'Replay this run?',
    confirm: 'Replay',
    body: 'A new run of the job as it is now gets the same payload. This run stays as it is. The new one can be canceled.',
  }),
  REPLAY_DEAD_LETTER: () => ({
    title: 'Replay this dead letter?',
    confirm: 'Replay',
    body: 'The run goes back into the queue as its own first attempt, with all its attempts before it.',
  }),
  PAUSE: () => ({
    title: 'Pause this run?',
    confirm: 'Pause',
    body: 'Its process is stopped and what it has done since its last checkpoint is lost. It goes on from there when it is resumed.',
  }),
  RESUME: () => ({
    title: 'Resume this run?',
    confirm: 'Resume',
    body: 'It goes into the queue, and a new process goes on from its last checkpoint.',
  }),
  SET_DEBUG: ({ debugMode }) =>
    debugMode
      ? {
          title: 'Switch debug mode off?',
          confirm: 'Switch off',
          body: 'From the next dispatch on, exchanges with the executor are not kept.',
        }
      : {
          title: 'Switch debug mode on?',
          confirm: 'Switch on',
          body: 'From the next dispatch on, what is sent to the executor and what it answers are kept among the events, for everybody who may read this run.',
        },
};

function usePerform({ run, onDone }: Omit<ActionDialogProps, 'open'>): Readonly<Record<Simple, () => Promise<void>>> {
  const client = useClient();
  const toast = useToast();
  const navigate = useNavigate();
  const { id } = run;
  const mutate = async <Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ) => {
    const { data, error } = await client.mutation(document, variables).toPromise();
    if (error) throw new ProblemError(toProblem(error));
    return data as Data;
  };
  const done = async (text: string, undo?: { label: string; run: () => Promise<unknown> }) => {
    await onDone();
    toast(undo ? { text, undo } : { text });
  };
  const setDebug = (enabled: boolean) => mutate(SetDebugMode, { id, enabled });
  return {
    CANCEL: async () => {
      await mutate(CancelRun, { id });
      await done('The run is canceled.');
    },
    REPLAY: async () => {
      const { replayRun } = await mutate(ReplayRun, { id });
      const undo = () =>
        mutate(CancelRun, { id: replayRun.id }).then(() => navigate({ to: '/runs/$runId', params: { runId: id } }));
      await navigate({ to: '/runs/$runId', params: { runId: replayRun.id } });
      toast({ text: 'This is the new run.', undo: { label: 'Cancel it', run: undo } });
    },
    REPLAY_DEAD_LETTER: async () => {
      await mutate(ReplayDeadLetter, { id });
      await done('The run is back in the queue.');
    },
    PAUSE: async () => {
      await mutate(PauseRun, { id });
      await done('The run is paused.', { label: 'Resume', run: () => mutate(ResumeRun, { id }).then(onDone) });
    },
    RESUME: async () => {
      await mutate(ResumeRun, { id });
      await done('The run goes on.');
    },
    SET_DEBUG: async () => {
      const enabled = !run.debugMode;
      await setDebug(enabled);
      await done(`Debug mode is ${enabled ? 'on' : 'off'}.`, { label: 'Undo', run: () => setDebug(!enabled).then(onDone) });
    },
  };
}
