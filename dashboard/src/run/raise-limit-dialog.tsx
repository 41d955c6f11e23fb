import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { useToast } from '../ui/toast.tsx';
import type { FreeingDialogProps } from './freeing-dialog.tsx';
import { LimitsQuery, SetJobLimit, SetProjectLimit } from './freeing-documents.ts';

/** Lets more runs of the job, or of the project if that is what is full, execute at once; back by undo. */
export function RaiseLimitDialog({ open, run, onClose, onDone }: FreeingDialogProps) {
  const [{ data, error }] = useQuery({
    query: LimitsQuery,
    variables: { jobId: run.jobId },
    pause: !open,
    requestPolicy: 'network-only',
  });
  const { run: setJobLimit } = useAction(SetJobLimit);
  const { run: setProjectLimit } = useAction(SetProjectLimit);
  const toast = useToast();
  const isProject = run.hold?.startsWith('limit:project:') ?? false;
  const project = data?.viewer.project;
  const present = (isProject ? project?.maxExecutingRuns : data?.job.maxConcurrency) ?? null;
  const [text, setText] = useState('');
  useEffect(() => setText(present === null ? '' : String(present * 2)), [present]);
  const wanted = Number(text);
  const isSound = Number.isInteger(wanted) && wanted >= 1 && text !== '';

  async function confirm(): Promise<void> {
    const set = (limit: number | null) =>
      isProject
        ? setProjectLimit({ input: { id: project?.id ?? '', maxExecutingRuns: limit } })
        : setJobLimit({ id: run.jobId, input: { maxConcurrency: limit } });
    await set(wanted);
    await onDone();
    toast({ text: `The limit is ${wanted} now.`, undo: { label: 'Undo', run: () => set(present).then(onDone) } });
  }

  const owner = isProject ? 'the project' : `the job ${data?.job.slug ?? ''}`;
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Raise the limit"
      confirm="Raise"
      disabled={!isSound || present === null}
      onConfirm={confirm}
    >
      <div className="grid gap-3">
        {error ? <p className="text-bad">{toProblem(error).text}</p> : null}
        <p>
          Of {owner}, {present === null ? 'so far any number of' : `${present} ${present === 1 ? 'run' : 'runs'}`} may execute at
          once. More of them start as soon as the limit is raised; see that your executors can take them.
        </p>
        <Field label="Runs at once" error={isSound || text === '' ? null : 'A whole number from 1 on.'}>
          {(ids) => (
            <TextInput {...ids} type="number" min={1} value={text} onChange={(event) => setText(event.target.value)} required />
          )}
        </Field>
      </div>
    </ConfirmDialog>
  );
}
