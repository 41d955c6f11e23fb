import { createLazyRoute, Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { usePages } from '../api/use-pages.ts';
import { useAddress } from '../app/use-address.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { SearchInput } from '../ui/search-input.tsx';
import { CloneDialog } from './clone-dialog.tsx';
import { type JobRow, JobsQuery } from './documents.ts';
import { useEnableJob } from './enable-job.tsx';
import { jobColumns } from './job-columns.tsx';
import { WindowChoice } from './window-choice.tsx';
import { windowOf } from './windows.ts';

/** The jobs of the project: how they fare, how busy they are, and whether they are on. */
function JobsScreen() {
  const { search, change } = useAddress();
  const { q = '', state = 'all' } = search;
  const window = windowOf(search['window']);
  const navigate = useNavigate();
  const [cloned, setCloned] = useState<JobRow | null>(null);
  const canWrite = useCan('JOBS_WRITE');
  const canTrigger = useCan('JOBS_TRIGGER');
  const filter = { ...(q && { search: q }), ...(state !== 'all' && { enabled: state === 'enabled' }) };
  const pages = usePages(JobsQuery, { filter, window }, (data) => data.jobs);
  const { ask, dialog } = useEnableJob(pages.reload);
  const go = useCallback(
    (to: '/jobs/$jobId/trigger' | '/jobs/$jobId/edit', { id }: JobRow) => void navigate({ to, params: { jobId: id } }),
    [navigate],
  );
  const columns = useMemo(
    () =>
      jobColumns({
        canWrite,
        canTrigger,
        onTrigger: (job) => go('/jobs/$jobId/trigger', job),
        onEdit: (job) => go('/jobs/$jobId/edit', job),
        onClone: setCloned,
        onSwitch: ask,
      }),
    [canWrite, canTrigger, go, ask],
  );
  const isFiltered = q !== '' || state !== 'all';
  return (
    <Screen
      title="Jobs"
      fixed
      actions={
        canWrite ? (
          <Button variant="primary" icon={Plus} onClick={() => void navigate({ to: '/jobs/new' })}>
            New job
          </Button>
        ) : null
      }
    >
      <div className="flex flex-wrap gap-2">
        <SearchInput label="Search by name or slug" value={q} onSearch={(text) => change({ q: text || null })} />
        <Select
          aria-label="State"
          value={state}
          onChange={(event) => change({ state: event.target.value === 'all' ? null : event.target.value })}
        >
          <option value="all">All states</option>
          <option value="enabled">Enabled</option>
          <option value="disabled">Disabled</option>
        </Select>
        <WindowChoice selected={window} onSelect={(chosen) => change({ window: chosen.toLowerCase() })} />
      </div>
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Jobs"
        rows={pages.rows}
        columns={columns}
        rowId={(job) => job.id}
        href={(job) => `/jobs/${job.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={pages.problem ? null : isFiltered ? <NothingFound onClear={() => change({ q: null, state: null })} /> : <NoJobs />}
      />
      {dialog}
      <CloneDialog job={cloned} onClose={() => setCloned(null)} />
    </Screen>
  );
}

function NothingFound({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState title="No job matches" action={<Button onClick={onClear}>Show all jobs</Button>}>
      <p>Jobs are searched by their names and slugs.</p>
    </EmptyState>
  );
}

function NoJobs() {
  return (
    <EmptyState title="No jobs yet">
      <p>
        A job says where your code is, how often it is tried and how much of it may run at once. Whatever triggers it makes a run.
      </p>
      <p>
        <Link to="/jobs/new">Create your first job</Link>, or post one to <code className="font-mono">/v1/jobs</code>.
      </p>
    </EmptyState>
  );
}

export const Route = createLazyRoute('/jobs')({ component: JobsScreen });
