import { createLazyRoute, Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Ban, MoreHorizontal, Pause, Pencil, Play, Plus, Zap } from 'lucide-react';
import { useMemo, useState } from 'react';
import { usePages } from '../api/use-pages.ts';
import { useRefresh } from '../api/use-refresh.ts';
import { useCan } from '../app/viewer.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { type Schedule, type ScheduleRow, SchedulesQuery } from './documents.ts';
import { FireResult } from './fire-outcome.tsx';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { useCanWrite } from './use-can-write.ts';
import { useScheduleActions } from './use-schedule-actions.tsx';

/** Schedules fire by the minute. */
const REFRESH_MS = 15_000;
const STATUSES = ['ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELED'] as const;

const COLUMNS: readonly Column<ScheduleRow>[] = [
  {
    id: 'name',
    header: 'Name',
    size: 190,
    cell: ({ row: { original } }) => (
      <Link to="/schedules/$scheduleId" params={{ scheduleId: original.id }} className="font-medium hover:underline">
        {original.name}
      </Link>
    ),
  },
  { id: 'status', header: 'Status', size: 100, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  { id: 'target', header: 'Starts', size: 160, cell: ({ row }) => targetName(row.original) },
  {
    id: 'when',
    header: 'When',
    size: 200,
    cell: ({ row: { original } }) => (
      <span title={original.timezone}>
        {original.cron ? <code className="font-mono text-xs">{original.cron}</code> : 'once'}{' '}
        {original.cron ? <span className="text-xs text-muted">{original.timezone}</span> : null}
      </span>
    ),
  },
  {
    id: 'next',
    header: 'Next',
    size: 110,
    cell: ({ row }) =>
      row.original.nextFireAt ? (
        <Time at={row.original.nextFireAt} zone={row.original.timezone} />
      ) : (
        <span className="text-muted">none</span>
      ),
  },
  { id: 'last', header: 'Last', size: 210, cell: ({ row }) => <Last schedule={row.original} /> },
];

/** The latest moment, one that somebody asked for included, and what became of it. */
function Last({ schedule: { fires, timezone } }: { readonly schedule: ScheduleRow }) {
  const fire = fires.edges[0]?.node;
  if (!fire) return <span className="text-muted">never</span>;
  return (
    <span className="flex items-center gap-2">
      <FireResult fire={fire} />
      <Time at={fire.fireAt} zone={timezone} />
    </span>
  );
}

/** What a schedule starts, by its name. */
export function targetName({ job, workflow }: Pick<Schedule, 'job' | 'workflow'>): string {
  return job?.name ?? workflow?.name ?? 'deleted';
}

/** The schedules: what starts by itself, and when next. */
function SchedulesScreen() {
  const search = useSearch({ from: '/schedules' });
  const navigate = useNavigate({ from: '/schedules' });
  const canWrite = useCanWrite();
  const canCreate = [useCan('JOBS_WRITE'), useCan('WORKFLOWS_WRITE')].includes(true);
  const status = STATUSES.find((known) => known === search['status']);
  const pages = usePages(SchedulesQuery, { filter: status ? { status: [status] } : {} }, (data) => data.schedules);
  useRefresh(pages.refresh, REFRESH_MS);
  const [editing, setEditing] = useState<Schedule | 'new' | null>(null);
  const { pause, resume, runNow, cancel, dialog } = useScheduleActions(pages.reload);
  const columns = useMemo<readonly Column<ScheduleRow>[]>(() => {
    const items = (schedule: Schedule): MenuItem[] => [
      { label: 'Run now…', icon: Zap, onSelect: () => runNow(schedule) },
      ...(schedule.status === 'PAUSED' ? [{ label: 'Resume', icon: Play, onSelect: () => resume(schedule) }] : []),
      ...(schedule.status === 'ACTIVE' ? [{ label: 'Pause…', icon: Pause, onSelect: () => pause(schedule) }] : []),
      { label: 'Change…', icon: Pencil, onSelect: () => setEditing(schedule) },
      { label: 'Cancel…', icon: Ban, danger: true, onSelect: () => cancel(schedule) },
    ];
    return [
      ...COLUMNS,
      {
        id: 'actions',
        header: () => <span className="sr-only">Actions</span>,
        size: 56,
        cell: ({ row: { original } }) =>
          canWrite(original) && (original.status === 'ACTIVE' || original.status === 'PAUSED') ? (
            <Menu trigger={<IconButton label={`Actions for ${original.name}`} icon={MoreHorizontal} />} items={items(original)} />
          ) : null,
      },
    ];
  }, [canWrite, pause, resume, runNow, cancel]);

  return (
    <Screen
      title="Schedules"
      fixed
      actions={
        <>
          <Select
            aria-label="Status"
            value={status ?? ''}
            onChange={(event) => void navigate({ search: { status: event.target.value }, replace: true })}
          >
            <option value="">all statuses</option>
            {STATUSES.map((known) => (
              <option key={known} value={known}>
                {statusWords(known)}
              </option>
            ))}
          </Select>
          {canCreate ? (
            <Button variant="primary" icon={Plus} onClick={() => setEditing('new')}>
              Create a schedule
            </Button>
          ) : null}
        </>
      }
    >
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Schedules"
        rows={pages.rows}
        columns={columns}
        rowId={(schedule) => schedule.id}
        href={(schedule) => `/schedules/${schedule.id}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          status ? (
            <EmptyState title={`No schedule is ${statusWords(status)}`} />
          ) : (
            <EmptyState title="Nothing starts by itself yet">
              <p>
                A schedule starts a job or a workflow by a cron expression or once at a moment, exactly once each, and says so
                when it could not.
              </p>
            </EmptyState>
          )
        }
      />
      <ScheduleDialog editing={editing} onClose={() => setEditing(null)} onSaved={pages.reload} />
      {dialog}
    </Screen>
  );
}

export const Route = createLazyRoute('/schedules')({ component: SchedulesScreen });
