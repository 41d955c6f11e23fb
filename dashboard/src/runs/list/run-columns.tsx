import { Link } from '@tanstack/react-router';
import { CopyButton } from '../../ui/copy-button.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Elapsed, Time } from '../../ui/time.tsx';
import type { RunRow } from './run-row.ts';

/** Where a run is shown. */
export const runAddress = ({ id }: Pick<RunRow, 'id'>): string => `/runs/${id}`;

/** The end of an id: runs of the same time begin alike. */
const shortId = (id: string): string => id.slice(-8);

/** A column that a viewer can choose, with its name. */
export interface RunColumn {
  readonly id: string;
  readonly label: string;
  /** Shown unless the viewer has chosen otherwise. */
  readonly isUsual: boolean;
  readonly column: Column<RunRow>;
}

function make(label: string, size: number, cell: (run: RunRow) => React.ReactNode, isUsual = true): RunColumn {
  const id = label.toLowerCase().replaceAll(' ', '-');
  return { id, label, isUsual, column: { id, header: label, size, cell: ({ row }) => cell(row.original) } };
}

/** Every column, in the order of the table. */
export const RUN_COLUMNS: readonly RunColumn[] = [
  make('Status', 116, ({ status }) => <StatusBadge status={status} />),
  make('Run', 112, (run) => <RunId run={run} />),
  make('Job', 150, ({ job }) => <span title={job.name}>{job.slug}</span>),
  make('Attempt', 74, ({ attempt }) => <span className="tabular-nums">{attempt}</span>),
  make('Created', 120, ({ createdAt }) => <Time at={createdAt} />),
  make('Duration', 96, ({ startedAt, finishedAt }) => (startedAt ? <Elapsed from={startedAt} to={finishedAt} /> : null)),
  make('Tags', 140, ({ tags }) => <Tags tags={tags} />),
  make('Error', 190, ({ error }) => <ErrorLine error={error} />),
  make('Finished', 120, ({ finishedAt }) => (finishedAt ? <Time at={finishedAt} /> : null), false),
  make('Scheduled', 120, ({ scheduledAt }) => (scheduledAt ? <Time at={scheduledAt} /> : null), false),
  make('Triggered by', 120, ({ triggeredBy }) => triggeredBy, false),
  make('Priority', 80, ({ priority }) => <span className="tabular-nums">{priority}</span>, false),
  make('Concurrency key', 160, ({ concurrencyKey }) => concurrencyKey, false),
];

/** What fits beside each other on a telephone: job and id share a cell, the rest is on the page of the run. */
export const NARROW_COLUMNS: readonly Column<RunRow>[] = [
  { id: 'status', header: 'Status', size: 104, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  {
    id: 'run',
    header: 'Run',
    size: 110,
    cell: ({ row: { original } }) => (
      <Link to={runAddress(original)} className="block truncate">
        {original.job.slug}
        <span className="block font-mono text-xs text-muted">…{shortId(original.id)}</span>
      </Link>
    ),
  },
  { id: 'created', header: 'Created', size: 96, cell: ({ row }) => <Time at={row.original.createdAt} /> },
];

function RunId({ run }: { readonly run: RunRow }) {
  return (
    <span className="group/id flex items-center">
      <Link to={runAddress(run)} title={run.id} className="font-mono text-xs hover:underline">
        …{shortId(run.id)}
      </Link>
      <span className="opacity-0 group-focus-within/id:opacity-100 group-hover/id:opacity-100">
        <CopyButton text={run.id} label={`Copy the id ${run.id}`} />
      </span>
    </span>
  );
}

function Tags({ tags }: { readonly tags: Readonly<Record<string, string>> }) {
  const pairs = Object.entries(tags).map(([name, value]) => `${name}: ${value}`);
  return (
    <span title={pairs.join('\n')} className="flex gap-1 overflow-hidden">
      {pairs.map((pair) => (
        <span key={pair} className="rounded bg-idle-soft px-1.5 text-xs whitespace-nowrap text-idle">
          {pair}
        </span>
      ))}
    </span>
  );
}

function ErrorLine({ error }: { readonly error: string | null }) {
  if (error === null) return null;
  return (
    <span title={error.slice(0, 1_000)} className="text-bad">
      {error.split('\n', 1)[0]}
    </span>
  );
}
