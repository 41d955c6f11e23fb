import { Link } from '@tanstack/react-router';
import { Copy, Ellipsis, Pencil, Play, Power } from 'lucide-react';
import { IconButton } from '../ui/button.tsx';
import type { Column } from '../ui/data-table.tsx';
import { formatCompact, formatDuration, formatNumber, formatPercent } from '../ui/format.ts';
import { Menu } from '../ui/menu.tsx';
import { Sparkline } from '../ui/sparkline.tsx';
import type { JobRow } from './documents.ts';
import { JobState, SuccessRate } from './job-state.tsx';
import { UsageBar } from './usage-bar.tsx';

interface JobActions {
  readonly canWrite: boolean;
  readonly canTrigger: boolean;
  readonly onTrigger: (job: JobRow) => void;
  readonly onEdit: (job: JobRow) => void;
  readonly onClone: (job: JobRow) => void;
  readonly onSwitch: (job: JobRow) => void;
}

const duration = (ms: number | null) =>
  ms === null ? <span className="text-muted">–</span> : <span className="tabular-nums">{formatDuration(ms)}</span>;

/** The columns of the list of jobs. */
export function jobColumns(actions: JobActions): readonly Column<JobRow>[] {
  return [
    {
      id: 'name',
      header: 'Job',
      size: 240,
      cell: ({ row: { original } }) => (
        <span className="flex min-w-0 items-baseline gap-2">
          <Link to="/jobs/$jobId" params={{ jobId: original.id }} className="truncate font-medium hover:underline">
            {original.name}
          </Link>
          <span className="truncate font-mono text-xs text-muted">{original.slug}</span>
        </span>
      ),
    },
    {
      id: 'state',
      header: 'State',
      size: 178,
      cell: ({ row: { original } }) => <JobState enabled={original.enabled} circuit={original.circuitBreaker} />,
    },
    {
      id: 'success',
      header: 'Success',
      size: 80,
      cell: ({ row: { original } }) => (
        <SuccessRate
          rate={original.health.successRate}
          words={original.health.successRate === null ? '' : formatPercent(original.health.successRate)}
        />
      ),
    },
    { id: 'p50', header: 'p50', size: 80, cell: ({ row }) => duration(row.original.health.p50DurationMs) },
    { id: 'p95', header: 'p95', size: 80, cell: ({ row }) => duration(row.original.health.p95DurationMs) },
    {
      id: 'throughput',
      header: 'Ended',
      size: 150,
      cell: ({ row: { original } }) => <Throughput job={original} />,
    },
    {
      id: 'usage',
      header: 'Under way',
      size: 150,
      cell: ({ row: { original } }) => <UsageBar usage={original.usage} />,
    },
    {
      id: 'actions',
      header: () => <span className="sr-only">Actions</span>,
      size: 56,
      cell: ({ row: { original } }) => <RowMenu job={original} {...actions} />,
    },
  ];
}

/** How many runs ended, and when. */
function Throughput({ job: { name, health, sparkline } }: { readonly job: JobRow }) {
  return (
    <span className="flex items-center gap-2">
      <span className="w-12 shrink-0 text-right tabular-nums">{formatCompact(health.total)}</span>
      <Sparkline
        label={`${name}: ${formatNumber(health.completed)} completed, ${formatNumber(health.failed)} failed`}
        points={sparkline.map(({ completed, failed }) => ({ ok: completed, bad: failed }))}
      />
    </span>
  );
}

function RowMenu({ job, canWrite, canTrigger, onTrigger, onEdit, onClone, onSwitch }: JobActions & { readonly job: JobRow }) {
  const items = [
    ...(canTrigger ? [{ label: 'Trigger', icon: Play, disabled: !job.enabled, onSelect: () => onTrigger(job) }] : []),
    ...(canWrite
      ? [
          { label: 'Edit', icon: Pencil, onSelect: () => onEdit(job) },
          { label: 'Clone', icon: Copy, onSelect: () => onClone(job) },
          { label: job.enabled ? 'Disable' : 'Enable', icon: Power, danger: job.enabled, onSelect: () => onSwitch(job) },
        ]
      : []),
  ];
  return items.length === 0 ? null : (
    <Menu trigger={<IconButton label={`Actions of ${job.name}`} icon={Ellipsis} />} items={items} />
  );
}
