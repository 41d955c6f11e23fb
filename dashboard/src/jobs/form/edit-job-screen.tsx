import { createLazyRoute, useNavigate, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../../api/graphql.ts';
import { toProblem } from '../../api/problem.ts';
import { useAction } from '../../api/use-action.ts';
import { Checkbox } from '../../ui/field.tsx';
import { ProblemNotice } from '../../ui/problem-notice.tsx';
import { Screen } from '../../ui/screen.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useToast } from '../../ui/toast.tsx';
import { JobToEditQuery, UpdateJobMutation } from './documents.ts';
import { valuesOf } from './form-values.ts';
import { JobForm } from './job-form.tsx';

/** Changes a job: what is sent is what was changed, and only if nobody else has changed the job since it was loaded. */
function EditJobScreen() {
  const { jobId } = useParams({ from: '/jobs/$jobId/edit' });
  const [{ data, error }, retry] = useQuery({ query: JobToEditQuery, variables: { id: jobId }, requestPolicy: 'network-only' });
  return (
    <Screen title={data ? `Edit ${data.job.name}` : 'Edit the job'}>
      {error ? (
        <ProblemNotice problem={toProblem(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
      ) : data ? (
        <EditForm key={data.job.id} job={data.job} />
      ) : (
        <Skeleton lines={8} label="Loading the job" />
      )}
    </Screen>
  );
}

function EditForm({ job }: { readonly job: ResultOf<typeof JobToEditQuery>['job'] }) {
  const { run } = useAction(UpdateJobMutation);
  const navigate = useNavigate();
  const toast = useToast();
  const [isCompatible, setCompatible] = useState(false);
  const initial = useMemo(() => valuesOf(job), [job]);
  const back = () => navigate({ to: '/jobs/$jobId', params: { jobId: job.id } });
  return (
    <>
      {job.versionPolicy === 'MINOR' ? (
        <Checkbox
          label="Runs of the present version may go on with what is changed here (backwards compatible)"
          checked={isCompatible}
          onChange={(event) => setCompatible(event.target.checked)}
        />
      ) : null}
      <JobForm
        initial={initial}
        isNew={false}
        submit="Save"
        onCancel={() => void back()}
        onSubmit={async (input) => {
          const { updateJob } = await run({
            id: job.id,
            input: { ...input, expectedVersion: job.version, ...(isCompatible && { backwardsCompatible: true }) },
          });
          toast({
            text:
              updateJob.version === job.version
                ? `${job.name} is changed.`
                : `${job.name} is at version ${updateJob.version} now.`,
          });
          await back();
        }}
      />
    </>
  );
}

export const Route = createLazyRoute('/jobs/$jobId/edit')({ component: EditJobScreen });
