import { useCallback, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { useToast } from '../ui/toast.tsx';
import { SetJobsEnabledMutation } from './documents.ts';

interface EnableTarget {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
}

/**
 * Enables and disables jobs, asked and with a way back. `dialog` belongs anywhere in the screen; `ask` opens it for a job; `onDone` hears
 * of each change, that of undoing included.
 */
export function useEnableJob(onDone: () => void) {
  const { run } = useAction(SetJobsEnabledMutation);
  const toast = useToast();
  const [target, setTarget] = useState<EnableTarget | null>(null);
  const [open, setOpen] = useState(false);

  async function set(job: EnableTarget, enabled: boolean): Promise<void> {
    await run({ input: { ids: [job.id], enabled } });
    onDone();
  }

  async function confirm(): Promise<void> {
    if (target === null) return;
    await set(target, !target.enabled);
    toast({
      text: `${target.name} is ${target.enabled ? 'disabled' : 'enabled'}.`,
      undo: { label: 'Undo', run: () => set(target, target.enabled) },
    });
  }

  const ask = useCallback((job: EnableTarget) => {
    setTarget(job);
    setOpen(true);
  }, []);
  const verb = target?.enabled ? 'Disable' : 'Enable';
  return {
    ask,
    dialog: (
      <ConfirmDialog
        open={open}
        onClose={() => setOpen(false)}
        title={`${verb} ${target?.name ?? ''}`}
        confirm={verb}
        danger={target?.enabled ?? false}
        onConfirm={confirm}
      >
        {target?.enabled ? (
          <p>
            New triggers of the job are refused, and runs in its queue stay there until it is enabled again. Runs that execute go
            on. It can be undone at once.
          </p>
        ) : (
          <p>The job takes triggers again, and the runs in its queue start.</p>
        )}
      </ConfirmDialog>
    ),
  };
}
