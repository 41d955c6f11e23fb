import { createLazyRoute, Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Ban, MoreHorizontal, Pause, Pencil, Play, Plus, Zap } from 'lucide-react';
import { useMemo, useState } from 'react';
import { usePages } from '../api/use-pages.ts';
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
import { type Schedule, SchedulesQuery } from './documents.ts';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { useScheduleActions } from './use-schedule-actions.tsx';

const STATUSES = ['ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELED'] as const;

const COLUMNS: readonly Column<Schedule>[] = [
  {
    id: 'name',
    header: 'Name',
    size: 200,
    cell: ({ row: { original } }) => (
      <Link to="/schedules/$scheduleId" params={{ scheduleId: original.id }} className="font-medium hover:underline">
        {original.name}
      </Link>
    ),
  },
  { id: 'status', header: 'Status', size: 100, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  { id: 'target', header: 'Starts', size: 180, cell: ({ row }) => targetName(row.original) },
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
      row.original.nextFireAt ? <Time at={row.original.nextFireAt} /> : <span className="text-muted">none</span>,
  },
  {
    id: 'last',
    header: 'Last',
    size: 110,
    cell: ({ row }) =>
      row.original.lastFiredAt ? <Time at={row.original.lastFiredAt} /> : <span className="text-muted">never</span>,
  },
];

/** What a schedule starts, by its name. */
export function targetName({ job, workflow }: Pick<Schedule, 'job' | 'workflow'>): string {
  return job?.name ?? workflow?.name ?? 'deleted';
}

/** The schedules: what starts by itself, and when next. */
function SchedulesScreen() {
  const search = useSearch({ from: '/schedules' });
  const navigate = useNavigate({ from: '/schedules' });
  const canWrite = useCan('WORKFLOWS_WRITE');
  const status = STATUSES.find((known) => known === search['status']);
  const pages = usePages(SchedulesQuery, { filter: status ? { status: [status] } : {} }, (data) => data.schedules);
  const [editing, setEditing] = useState<Schedule | 'new' | null>(null);
  const { pause, resume, runNow, cancel, dialog } = useScheduleActions(pages.reload);
  const columns = useMemo<readonly Column<Schedule>[]>(() => {
    if (!canWrite) return COLUMNS;
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
          original.status === 'ACTIVE' || original.status === 'PAUSED' ? (
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
          {canWrite ? (
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
