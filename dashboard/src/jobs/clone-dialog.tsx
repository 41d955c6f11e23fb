import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { ProblemError } from '../api/problem.ts';
import { useAction } from '../api/use-action.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { CloneJobMutation } from './documents.ts';

interface CloneDialogProps {
  /** The job to copy; null closes the dialog. */
  readonly job: { readonly id: string; readonly name: string; readonly slug: string } | null;
  readonly onClose: () => void;
}

/** Copies a job under a name of its own, and goes to the copy. */
export function CloneDialog({ job, onClose }: CloneDialogProps) {
  const form = useId();
  const { run, isRunning } = useAction(CloneJobMutation);
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);

  async function clone(data: FormData): Promise<void> {
    if (job === null) return;
    try {
      const input = { slug: String(data.get('slug')).trim(), name: String(data.get('name')).trim() };
      const { cloneJob } = await run({ id: job.id, input });
      close();
      await navigate({ to: '/jobs/$jobId', params: { jobId: cloneJob.id } });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      setProblem(error.problem.details?.[0]?.message ?? error.message);
    }
  }

  function close(): void {
    setProblem(null);
    onClose();
  }

  return (
    <Dialog
      open={job !== null}
      onClose={close}
      title={`Clone ${job?.name ?? ''}`}
      actions={
        <>
          <Button onClick={close}>Close</Button>
          <Button variant="primary" type="submit" form={form} busy={isRunning}>
            Clone
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void clone(new FormData(event.currentTarget));
        }}
      >
        <p>
          The copy says what the job says and has a signing secret of its own. Dependencies, schedules and webhook secrets stay
          with the original.
        </p>
        <Field label="Name">
          {(ids) => <TextInput {...ids} name="name" required maxLength={200} defaultValue={job ? `${job.name} (copy)` : ''} />}
        </Field>
        <Field label="Slug" hint="What it is called in URLs and code." error={problem}>
          {(ids) => <TextInput {...ids} name="slug" required defaultValue={job ? `${job.slug}-copy` : ''} />}
        </Field>
      </form>
    </Dialog>
  );
}
