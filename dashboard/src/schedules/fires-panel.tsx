import { Link } from '@tanstack/react-router';
import { usePages } from '../api/use-pages.ts';
import { useRefresh } from '../api/use-refresh.ts';
import { type Column, DataTable, heightOf } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { formatDay, formatNumber } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Panel } from '../ui/screen.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { type ScheduleFire, ScheduleFiresQuery } from './documents.ts';
import { FireOutcome, OUTCOMES } from './fire-outcome.tsx';

const COLUMNS: readonly Column<ScheduleFire>[] = [
  { id: 'at', header: 'Moment', size: 130, cell: ({ row }) => <Time at={row.original.fireAt} /> },
  { id: 'outcome', header: 'What became of it', size: 230, cell: ({ row }) => <FireOutcome outcome={row.original.outcome} /> },
  { id: 'run', header: 'Run', size: 380, cell: ({ row }) => <Started fire={row.original} /> },
  { id: 'more', header: 'More', size: 260, cell: ({ row }) => more(row.original) },
];

interface FiresPanelProps {
  readonly scheduleId: string;
  /** Which of them, as the address says; what it does not know is all. */
  readonly outcome: string;
  readonly onOutcome: (outcome: string) => void;
}

/** The moments of a schedule, the latest first, and what became of each. Nothing tells of new ones, so it looks now and then. */
export function FiresPanel({ scheduleId, outcome, onOutcome }: FiresPanelProps) {
  const chosen = (Object.keys(OUTCOMES) as ScheduleFire['outcome'][]).find((known) => known === outcome);
  const filter = chosen ? { outcome: [chosen] } : {};
  const pages = usePages(ScheduleFiresQuery, { id: scheduleId, filter }, (data) => data.schedule.fires);
  useRefresh(pages.refresh);
  return (
    <Panel
      title="History"
      actions={
        <Select aria-label="What became of it" value={chosen ?? ''} onChange={(event) => onOutcome(event.target.value)}>
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
      <div className="flex max-h-96 flex-col" style={pages.rows.length > 0 ? { height: heightOf(pages.rows.length) } : undefined}>
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
              <p>{chosen ? 'None ended like this.' : 'It has not fired yet.'}</p>
            </EmptyState>
          }
        />
      </div>
    </Panel>
  );
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
