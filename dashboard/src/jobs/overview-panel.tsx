import { useMemo } from 'react';
import { useAddress } from '../app/use-address.ts';
import { Figure, Figures } from '../ui/figure.tsx';
import { formatDuration, formatNumber, formatPercent } from '../ui/format.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import { CircuitNotice } from './circuit-notice.tsx';
import type { Histogram, Job } from './job-document.ts';
import { JobPlots } from './job-plots.tsx';
import { LimitsPanel } from './limits-panel.tsx';
import { RecentRuns } from './recent-runs.tsx';
import { WindowChoice } from './window-choice.tsx';
import type { Window } from './windows.ts';

interface OverviewPanelProps {
  readonly job: Job;
  readonly histogram: Histogram | null;
  readonly window: Window;
  readonly onChanged: () => void;
}

/** How a job fares: its figures over a window of time, what keeps it from going, its latest runs. */
export function OverviewPanel({ job, histogram, window, onChanged }: OverviewPanelProps) {
  const { change } = useAddress();
  const { health } = job;
  const runs = useMemo(() => job.runs.edges.map(({ node }) => node), [job.runs]);
  return (
    <div className="grid gap-3">
      {job.circuitBreaker ? <CircuitNotice circuit={job.circuitBreaker} onReset={onChanged} /> : null}
      <div className="flex items-center gap-2">
        <h2 className="font-semibold">Figures</h2>
        <WindowChoice selected={window} onSelect={(chosen) => change({ window: chosen.toLowerCase() })} />
      </div>
      <Figures>
        <Figure
          label="Success rate"
          value={health.successRate === null ? '–' : formatPercent(health.successRate)}
          hint={`${formatNumber(health.completed)} of ${formatNumber(health.completed + health.failed)}`}
        />
        <Figure label="Half took at most" value={duration(health.p50DurationMs)} hint="p50 of the last attempt" />
        <Figure label="95% took at most" value={duration(health.p95DurationMs)} hint="p95 of the last attempt" />
        <Figure
          label="Ended"
          value={formatNumber(health.total)}
          hint={health.isPartial ? 'at least: the newest 10,000 were looked at' : 'canceled ones included'}
        />
        <Figure label="Per hour" value={formatNumber(Math.round(health.throughputPerHour * 10) / 10)} hint="ended, on average" />
      </Figures>
      <LimitsPanel job={job} />
      {histogram ? <JobPlots histogram={histogram} /> : <Skeleton lines={6} label="Loading the plots" />}
      <RecentRuns runs={runs} slug={job.slug} />
    </div>
  );
}

function duration(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms);
}
