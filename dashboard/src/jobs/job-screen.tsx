import { createLazyRoute, useNavigate, useParams } from '@tanstack/react-router';
import { Copy, Ellipsis, Pencil, Play, Power, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { useAddress } from '../app/use-address.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Menu } from '../ui/menu.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { useToast } from '../ui/toast.tsx';
import { CloneDialog } from './clone-dialog.tsx';
import { ConfigurationPanel } from './configuration-panel.tsx';
import { ConnectionsPanel } from './connections-panel.tsx';
import { DeleteJobMutation } from './documents.ts';
import { useEnableJob } from './enable-job.tsx';
import type { Job } from './job-document.ts';
import { JobState } from './job-state.tsx';
import { OverviewPanel } from './overview-panel.tsx';
import { useJob } from './use-job.ts';
import { VersionsPanel } from './versions/versions-panel.tsx';
import { windowOf } from './windows.ts';

/** A job: how it fares, what it says, what it said, and what starts it. */
function JobScreen() {
  const { jobId } = useParams({ from: '/jobs/$jobId' });
  const { search, change } = useAddress();
  const window = windowOf(search['window']);
  const { job, histogram, problem, reload } = useJob(jobId, window);
  if (job === null) {
    return (
      <Screen title="Job">
        {problem ? <ProblemNotice problem={problem} onRetry={reload} /> : <Skeleton lines={10} label="Loading the job" />}
      </Screen>
    );
  }
  const choose = (tab: string) => change({ tab: tab === 'overview' ? null : tab, from: null, to: null }, 'push');
  return (
    <Screen
      title={job.name}
      aside={
        <span className="flex items-center gap-2">
          <JobState enabled={job.enabled} circuit={job.circuitBreaker} />
          <code className="font-mono text-xs text-muted">{job.slug}</code>
          <CopyButton text={job.slug} label="Copy the slug" />
        </span>
      }
      actions={<JobActions job={job} onChanged={reload} />}
    >
      {problem ? <ProblemNotice problem={problem} onRetry={reload} /> : null}
      {job.description ? <p className="max-w-prose whitespace-pre-line text-muted">{job.description}</p> : null}
      <Tabs
        label="The job"
        selected={search['tab'] ?? 'overview'}
        onSelect={choose}
        tabs={[
          {
            id: 'overview',
            label: 'Overview',
            content: <OverviewPanel job={job} histogram={histogram} window={window} onChanged={reload} />,
          },
          { id: 'configuration', label: 'Configuration', content: <ConfigurationPanel job={job} /> },
          {
            id: 'versions',
            label: 'Versions',
            count: job.version,
            content: <VersionsPanel jobId={job.id} current={job.version} />,
          },
          { id: 'connections', label: 'Schedules and dependencies', content: <ConnectionsPanel jobId={job.id} /> },
        ]}
      />
    </Screen>
  );
}

/** What can be done with a job by whoever looks at it. */
function JobActions({ job, onChanged }: { readonly job: Job; readonly onChanged: () => void }) {
  const canWrite = useCan('JOBS_WRITE');
  const canTrigger = useCan('JOBS_TRIGGER');
  const navigate = useNavigate();
  const toast = useToast();
  const remove = useAction(DeleteJobMutation);
  const { ask, dialog } = useEnableJob(onChanged);
  const [isCloning, setCloning] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const params = { jobId: job.id };
  return (
    <>
      {canTrigger ? (
        <Button
          variant="primary"
          icon={Play}
          disabled={!job.enabled}
          title={job.enabled ? undefined : 'A disabled job refuses triggers'}
          onClick={() => void navigate({ to: '/jobs/$jobId/trigger', params })}
        >
          Trigger
        </Button>
      ) : null}
      {canWrite ? (
        <>
          <Button icon={Pencil} onClick={() => void navigate({ to: '/jobs/$jobId/edit', params })}>
            Edit
          </Button>
          <Menu
            trigger={<Button icon={Ellipsis}>More</Button>}
            items={[
              { label: job.enabled ? 'Disable' : 'Enable', icon: Power, onSelect: () => ask(job) },
              { label: 'Clone', icon: Copy, onSelect: () => setCloning(true) },
              { label: 'Delete', icon: Trash2, danger: true, onSelect: () => setDeleting(true) },
            ]}
          />
        </>
      ) : null}
      {dialog}
      <CloneDialog job={isCloning ? job : null} onClose={() => setCloning(false)} />
      <ConfirmDialog
        open={isDeleting}
        onClose={() => setDeleting(false)}
        title={`Delete ${job.name}`}
        confirm="Delete the job"
        danger
        onConfirm={async () => {
          await remove.run({ id: job.id });
          toast({ text: `${job.name} is deleted.` });
          await navigate({ to: '/jobs' });
        }}
      >
        <p>
          Its runs stay, its slug is free for another job, and its schedules have nothing to start any more. This cannot be
          undone; it is refused while a run of the job is under way.
        </p>
      </ConfirmDialog>
    </>
  );
}

export const Route = createLazyRoute('/jobs/$jobId')({ component: JobScreen });
