import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useCallback, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { useToast } from '../ui/toast.tsx';
import {
  CancelScheduleMutation,
  PauseScheduleMutation,
  ResumeScheduleMutation,
  RunScheduleNowMutation,
  type Schedule,
} from './documents.ts';

type Target = Pick<Schedule, 'id' | 'name'>;

/** All but the dialog are stable between renders, for columns that are made once. */
interface ScheduleActions {
  readonly pause: (schedule: Target) => void;
  readonly resume: (schedule: Target) => void;
  readonly runNow: (schedule: Target) => void;
  readonly cancel: (schedule: Target) => void;
  /** Asks before what needs asking; to be put on the screen once. */
  readonly dialog: ReactNode;
}

interface Question extends Target {
  readonly kind: 'pause' | 'runNow' | 'cancel';
}

/** What can be done with a schedule, the same on its page and in the list; `onChanged` is told when something was; keep it stable between renders. */
export function useScheduleActions(onChanged: () => void): ScheduleActions {
  const pause = useAction(PauseScheduleMutation);
  const { run: runResume } = useAction(ResumeScheduleMutation);
  const cancel = useAction(CancelScheduleMutation);
  const runNow = useAction(RunScheduleNowMutation);
  const toast = useToast();
  const navigate = useNavigate();
  const [question, setQuestion] = useState<Question | null>(null);

  const doResume = useCallback(
    async ({ id, name }: Target): Promise<void> => {
      await runResume({ id });
      toast({ text: `${name} fires again.` });
      onChanged();
    },
    [runResume, toast, onChanged],
  );

  async function doPause(target: Target): Promise<void> {
    await pause.run({ id: target.id });
    toast({ text: `${target.name} is paused.`, undo: { label: 'Resume', run: () => doResume(target) } });
    onChanged();
  }

  async function doRunNow({ id, name }: Target): Promise<void> {
    const { runScheduleNow: fire } = await runNow.run({ id });
    onChanged();
    if (fire.runId !== null) await navigate({ href: `/runs/${fire.runId}` });
    else if (fire.workflowRunId !== null) await navigate({ href: `/workflow-runs/${fire.workflowRunId}` });
    else toast({ text: fire.error ?? `${name} started nothing: the run before is still active.` });
  }

  const asked = question ?? { id: '', name: '', kind: 'pause' as const };
  const dialogs = {
    pause: {
      title: `Pause ${asked.name}`,
      confirm: 'Pause the schedule',
      text: 'It starts nothing until it is resumed; what it has started goes on.',
      run: () => doPause(asked),
    },
    runNow: {
      title: `Run ${asked.name} now`,
      confirm: 'Run it now',
      text: 'A run is started at once, besides its moments.',
      run: () => doRunNow(asked),
    },
    cancel: {
      title: `Cancel ${asked.name}`,
      confirm: 'Cancel the schedule',
      text: 'It starts nothing any more and cannot be resumed; its history is kept. To stop it for a while, pause it.',
      run: async () => {
        await cancel.run({ id: asked.id });
        onChanged();
      },
    },
  };
  const { title, confirm, text, run } = dialogs[asked.kind];
  return {
    pause: useCallback(({ id, name }) => setQuestion({ id, name, kind: 'pause' }), []),
    resume: useCallback(
      (schedule) => void doResume(schedule).catch((error: Error) => toast({ text: error.message })),
      [doResume, toast],
    ),
    runNow: useCallback(({ id, name }) => setQuestion({ id, name, kind: 'runNow' }), []),
    cancel: useCallback(({ id, name }) => setQuestion({ id, name, kind: 'cancel' }), []),
    dialog: (
      <ConfirmDialog
        open={question !== null}
        onClose={() => setQuestion(null)}
        title={title}
        confirm={confirm}
        danger={asked.kind === 'cancel'}
        onConfirm={run}
      >
        <p>{text}</p>
      </ConfirmDialog>
    ),
  };
}
