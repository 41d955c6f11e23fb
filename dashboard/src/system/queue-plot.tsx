import { useMemo } from 'react';
import { formatCompact } from '../ui/format.ts';
import type { Queue } from './documents.ts';
import { PlotPanel } from './plot-panel.tsx';

/** The queue of the project since the screen was opened: for those who do not see how the installation stood before. */
export function QueuePlot({ seen }: { readonly seen: readonly Queue[] }) {
  const at = useMemo(() => seen.map((queue) => Date.parse(queue.at) / 1_000), [seen]);
  const lines = useMemo(
    () => [
      { label: 'In the queue', tone: 'info' as const, values: seen.map(({ depth }) => depth) },
      { label: 'Executing', tone: 'accent' as const, values: seen.map(({ executing }) => executing) },
    ],
    [seen],
  );
  return (
    <PlotPanel
      title="Queue of this project, since you opened this screen"
      at={at}
      lines={lines}
      format={formatCompact}
      empty="Nothing is known yet."
    />
  );
}
