import { createLazyRoute } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useAddress } from '../app/use-address.ts';
import { useCan } from '../app/viewer.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Select } from '../ui/field.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { useNow } from '../ui/time.tsx';
import { findAilments } from './ailments.ts';
import { CircuitsPanel } from './circuits-panel.tsx';
import type { Queue } from './documents.ts';
import { Figures } from './figures.tsx';
import { HealthNotice } from './health-notice.tsx';
import { InstancePanels } from './instance-panels.tsx';
import { PricesPanel } from './prices-panel.tsx';
import { QueuePlot } from './queue-plot.tsx';
import { RANGES, rangeOf } from './ranges.ts';
import { SamplePlots } from './sample-plots.tsx';
import { useQueue } from './use-queue.ts';
import { type System, useSystem } from './use-system.ts';

/** How the installation does: what waits, how fast it goes, what it takes up, and what needs somebody. */
function SystemScreen() {
  const { search, change } = useAddress();
  const range = rangeOf(search['range']);
  const { system, problem, reload } = useSystem(range.ms);
  const seen = useQueue();
  const queue = seen.at(-1) ?? null;
  const seesFigures = useCan('STATS_READ');
  const seesJobs = useCan('JOBS_READ');
  if (!seesFigures) {
    return (
      <Screen title="System">
        <EmptyState title="Your key does not see figures">
          <p>They are shown to keys with the scope stats:read. Ask whoever gave you yours.</p>
        </EmptyState>
      </Screen>
    );
  }
  return (
    <Screen
      title="System"
      aside={system?.version ? <span className="text-muted">Baton {system.version}</span> : null}
      actions={
        <Select aria-label="Time the plots are of" value={range.id} onChange={(event) => change({ range: event.target.value })}>
          {RANGES.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
      }
    >
      {problem ? <ProblemNotice problem={problem} onRetry={reload} /> : null}
      {system ? (
        <>
          <Health system={system} queue={queue} />
          <Figures queue={queue} instance={system.instance} samples={system.samples} />
          <div className="grid gap-3 lg:grid-cols-2">
            {system.instance ? <SamplePlots samples={system.samples} /> : <QueuePlot seen={seen} />}
            {seesJobs ? <CircuitsPanel circuits={system.circuits} onReset={reload} /> : null}
            {system.instance ? <InstancePanels instance={system.instance} /> : null}
            {seesJobs ? <PricesPanel prices={system.prices} /> : null}
          </div>
        </>
      ) : problem ? null : (
        <Skeleton lines={12} label="Loading the figures" />
      )}
    </Screen>
  );
}

/** Apart, since it looks at the clock each second. */
function Health({ system, queue }: { readonly system: System; readonly queue: Queue | null }) {
  const now = useNow();
  const ailments = useMemo(() => findAilments(system, queue, now), [system, queue, now]);
  return <HealthNotice ailments={ailments} />;
}

export const Route = createLazyRoute('/system')({ component: SystemScreen });
