import { createLazyRoute, useNavigate } from '@tanstack/react-router';
import type { VariablesOf } from '../../api/graphql.ts';
import { useAction } from '../../api/use-action.ts';
import { Screen } from '../../ui/screen.tsx';
import { useToast } from '../../ui/toast.tsx';
import { CreateJobMutation } from './documents.ts';
import { valuesOf } from './form-values.ts';
import { JobForm } from './job-form.tsx';

const EMPTY = valuesOf(null);

/** Creates a job. */
function NewJobScreen() {
  const { run } = useAction(CreateJobMutation);
  const navigate = useNavigate();
  const toast = useToast();
  return (
    <Screen title="New job">
      <JobForm
        initial={EMPTY}
        isNew
        submit="Create the job"
        onCancel={() => void navigate({ to: '/jobs' })}
        onSubmit={async (input) => {
          // The form reads what its table of fields says, which names the fields of this input.
          const { createJob } = await run({ input: input as VariablesOf<typeof CreateJobMutation>['input'] });
          toast({ text: `${createJob.name} is there.` });
          await navigate({ to: '/jobs/$jobId', params: { jobId: createJob.id } });
        }}
      />
    </Screen>
  );
}

export const Route = createLazyRoute('/jobs/new')({ component: NewJobScreen });
