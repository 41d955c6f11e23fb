import { type CSSProperties, useMemo } from 'react';
import { type Column, DataTable, heightOf } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatDuration } from '../ui/format.ts';
import { StatusBadge, statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import { Elapsed, useNow } from '../ui/time.tsx';
import type { StepNode, WorkflowRun } from './run-documents.ts';

const FILLS: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok',
  bad: 'bg-bad',
  warn: 'bg-warn',
  info: 'bg-info',
  accent: 'bg-accent',
  idle: 'bg-idle',
};

interface StepTableProps {
  readonly run: WorkflowRun;
  readonly selected: string;
  /** Stable between renders. */
  readonly onSelect: (ref: string) => void;
}

/** The steps on one axis of time, as a table that can be read without seeing it. */
export function StepTable({ run, selected, onSelect }: StepTableProps) {
  const { nodes } = run.graph;
  const start = Date.parse(run.startedAt ?? run.createdAt);
  const end = run.finishedAt ? Date.parse(run.finishedAt) : null;
  const columns = useMemo(() => makeColumns(start, end, selected, onSelect), [start, end, selected, onSelect]);
  const axis = { '--span': useSpan(start, end), height: heightOf(nodes.length) } as CSSProperties;
  return (
    <div className="flex max-h-[75dvh] flex-col" style={axis}>
      <DataTable
        label="Steps over time"
        rows={nodes}
        columns={columns}
        rowId={(step) => step.ref}
        empty={<EmptyState title="No steps" />}
      />
    </div>
  );
}

/** The length of the axis in milliseconds; until there is an end it grows with the clock. */
function useSpan(start: number, end: number | null): number {
  const now = useNow();
  return Math.max((end ?? now) - start, 1);
}

function makeColumns(
  start: number,
  end: number | null,
  selected: string,
  onSelect: (ref: string) => void,
): readonly Column<StepNode>[] {
  return [
    {
      id: 'step',
      header: 'Step',
      size: 200,
      cell: ({ row: { original } }) => (
        <button
          type="button"
          aria-pressed={original.ref === selected}
          className={`max-w-full truncate rounded px-1 text-left font-medium hover:underline ${original.ref === selected ? 'bg-accent-soft text-accent' : ''}`}
          onClick={() => onSelect(original.ref)}
        >
          {original.definition?.name ?? original.ref}
        </button>
      ),
    },
    {
      id: 'kind',
      header: 'Kind',
      size: 110,
      cell: ({ row }) => <span className="text-muted">{statusWords(row.original.kind)}</span>,
    },
    { id: 'status', header: 'Status', size: 110, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
    {
      id: 'axis',
      header: () => <AxisLabel start={start} end={end} />,
      size: 320,
      cell: ({ row }) => <Bar step={row.original} start={start} />,
    },
    {
      id: 'took',
      header: 'Took',
      size: 90,
      cell: ({ row: { original } }) =>
        original.startedAt ? <Elapsed from={original.startedAt} to={original.finishedAt} /> : null,
    },
  ];
}

function AxisLabel({ start, end }: { readonly start: number; readonly end: number | null }) {
  return <>From the start to {formatDuration(useSpan(start, end))}</>;
}

/**
 * The time of a step as a part of the axis. Only the axis follows the clock: the browser works out from it where the bars are, so that a
 * second that passes draws no row again. A kept result is of another execution and has no place here.
 */
function Bar({ step, start }: { readonly step: StepNode; readonly start: number }) {
  if (step.startedAt === null || step.keptFrom !== null) return null;
  const from = Math.max(Date.parse(step.startedAt) - start, 0);
  const to = step.finishedAt ? `${Math.max(Date.parse(step.finishedAt) - start, from)}` : 'var(--span)';
  return (
    <div aria-hidden className="relative h-3 w-full overflow-hidden rounded bg-hover">
      <div
        className={`absolute h-3 min-w-1 rounded ${FILLS[toneOf(step.status)]}`}
        style={{
          left: `min(100% - 4px, ${from} / var(--span) * 100%)`,
          width: `calc((${to} - ${from}) / var(--span) * 100%)`,
        }}
      />
    </div>
  );
}
