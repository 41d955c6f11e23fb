import { useMemo } from 'react';
import { formatBytes, formatCompact, formatDuration } from '../ui/format.ts';
import type { Sample } from './documents.ts';
import { PlotPanel } from './plot-panel.tsx';
import { withGaps } from './with-gaps.ts';

const EMPTY = 'Nothing was measured in this time: a sample is written each minute that a server runs.';

/** How the whole installation stood over time. */
export function SamplePlots({ samples }: { readonly samples: readonly Sample[] }) {
  const { at, column } = useMemo(() => {
    const rows = withGaps(samples);
    return {
      at: rows.map((row) => row.at),
      column: (pick: (sample: Sample) => number | null) => rows.map(({ value }) => (value ? pick(value) : null)),
    };
  }, [samples]);
  const lines = useMemo(
    () => ({
      queue: [
        { label: 'In the queue', tone: 'info' as const, values: column((sample) => sample.queueDepth) },
        { label: 'Executing', tone: 'accent' as const, values: column((sample) => sample.executing) },
      ],
      throughput: [
        { label: 'Started', tone: 'accent' as const, values: column((sample) => sample.startedPerMinute) },
        { label: 'Ended', tone: 'ok' as const, values: column((sample) => sample.endedPerMinute) },
      ],
      latency: [
        { label: 'p95', tone: 'warn' as const, values: column((sample) => sample.startP95Ms) },
        { label: 'p50', tone: 'ok' as const, values: column((sample) => sample.startP50Ms) },
      ],
      size: [{ label: 'Database', tone: 'info' as const, values: column((sample) => sample.databaseBytes) }],
    }),
    [column],
  );
  return (
    <>
      <PlotPanel title="Queue" at={at} lines={lines.queue} format={formatCompact} empty={EMPTY} />
      <PlotPanel title="Throughput per minute" at={at} lines={lines.throughput} format={formatCompact} empty={EMPTY} />
      <PlotPanel title="Start latency" at={at} lines={lines.latency} format={formatDuration} empty={EMPTY} />
      <PlotPanel title="Database size" at={at} lines={lines.size} format={formatBytes} empty={EMPTY} />
    </>
  );
}
