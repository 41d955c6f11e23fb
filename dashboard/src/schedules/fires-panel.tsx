import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { usePages } from '../api/use-pages.ts';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { formatDay, formatNumber } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Panel } from '../ui/screen.tsx';
import { Badge, StatusBadge, type Tone } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { type ScheduleFire, ScheduleFiresQuery } from './documents.ts';

const OUTCOMES = {
  PENDING: ['about to start', 'info'],
  STARTED: ['started', 'ok'],
  SKIPPED_OVERLAP: ['skipped: the one before still ran', 'warn'],
  MISSED: ['missed: no server was there', 'warn'],
  FAILED: ['could not start', 'bad'],
} as const satisfies Record<ScheduleFire['outcome'], readonly [string, Tone]>;

const COLUMNS: readonly Column<ScheduleFire>[] = [
  { id: 'at', header: 'Moment', size: 130, cell: ({ row }) => <Time at={row.original.fireAt} /> },
  { id: 'outcome', header: 'What became of it', size: 260, cell: ({ row }) => <Outcome fire={row.original} /> },
  { id: 'run', header: 'Run', size: 320, cell: ({ row }) => <Started fire={row.original} /> },
  { id: 'more', header: 'More', size: 320, cell: ({ row }) => more(row.original) },
];

/** The moments of a schedule, the latest first, and what became of each. */
export function FiresPanel({ scheduleId }: { readonly scheduleId: string }) {
  const [outcome, setOutcome] = useState<ScheduleFire['outcome'] | ''>('');
  const filter = outcome === '' ? {} : { outcome: [outcome] };
  const pages = usePages(ScheduleFiresQuery, { id: scheduleId, filter }, (data) => data.schedule.fires);
  return (
    <Panel
      title="History"
      actions={
        <Select
          aria-label="What became of it"
          value={outcome}
          onChange={(event) => setOutcome(event.target.value as ScheduleFire['outcome'] | '')}
        >
          <option value="">all moments</option>
          {Object.entries(OUTCOMES).map(([value, [label]]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      }
    >
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <div className="flex max-h-96 flex-col">
        <DataTable
          label="Moments"
          rows={pages.rows}
          columns={COLUMNS}
          rowId={(fire) => fire.id}
          hasMore={pages.hasMore}
          onMore={pages.loadMore}
          isLoading={pages.isLoading}
          empty={
            <EmptyState title="No moments">
              <p>{outcome === '' ? 'It has not fired yet.' : 'None ended like this.'}</p>
            </EmptyState>
          }
        />
      </div>
    </Panel>
  );
}

function Outcome({ fire: { outcome } }: { readonly fire: ScheduleFire }) {
  const [words, tone] = OUTCOMES[outcome];
  return <Badge tone={tone}>{words}</Badge>;
}

function Started({ fire: { run, workflowRun } }: { readonly fire: ScheduleFire }) {
  if (run) {
    return (
      <Link to="/runs/$runId" params={{ runId: run.id }} className="flex items-center gap-2 text-accent">
        <span className="font-mono text-xs underline">{run.id}</span> <StatusBadge status={run.status} />
      </Link>
    );
  }
  if (!workflowRun) return null;
  return (
    <Link
      to="/workflow-runs/$workflowRunId"
      params={{ workflowRunId: workflowRun.id }}
      className="flex items-center gap-2 text-accent"
    >
      <span className="font-mono text-xs underline">{workflowRun.id}</span> <StatusBadge status={workflowRun.status} />
    </Link>
  );
}

function more({ error, missedCount, missedUntil, requestedBy }: ScheduleFire): string {
  if (error) return error;
  if (missedCount > 1) return `${formatNumber(missedCount)} moments until ${missedUntil ? formatDay(missedUntil) : 'now'}`;
  return requestedBy ? 'asked for by a person or a program' : '';
}
