import { useCallback, useMemo } from 'react';
import { formatCompact, formatDay, formatNumber } from '../../ui/format.ts';
import { Plot } from '../../ui/plot.tsx';
import { type Tone, toneOf } from '../../ui/status-badge.tsx';
import { snap, type TimeFrame } from './time-frame.ts';
import type { RunFigures } from './use-run-figures.ts';

export const HISTOGRAM_HEIGHT = 96;

/** The layers from the foot up: what went well, what is under way, what did not. */
const LAYERS: readonly (readonly [Tone, string])[] = [
  ['ok', 'completed'],
  ['accent', 'under way'],
  ['info', 'queued or delayed'],
  ['warn', 'waiting or paused'],
  ['idle', 'canceled or expired'],
  ['bad', 'failed'],
];

interface RunHistogramProps {
  readonly figures: RunFigures;
  readonly onBrush: (frame: TimeFrame) => void;
}

/** Runs by the time of their creation, a layer for each kind of status. Brushing it asks for the runs of that time. */
export function RunHistogram({ figures: { frame, histogram }, onBrush }: RunHistogramProps) {
  const { buckets, bucketSecs, isSampled } = histogram;
  const at = useMemo(() => buckets.map((bucket) => Date.parse(bucket.at) / 1_000 + bucketSecs / 2), [buckets, bucketSecs]);
  const series = useMemo(
    () =>
      LAYERS.map(([tone, label]) => ({
        tone,
        label,
        values: buckets.map(({ counts }) => sum(counts.filter(({ status }) => toneOf(status) === tone))),
      })),
    [buckets],
  );
  const brush = useCallback(
    (from: number, to: number) => onBrush(snap({ from: from * 1_000, to: to * 1_000 }, frame, bucketSecs)),
    [onBrush, frame, bucketSecs],
  );
  const total = sum(buckets.flatMap(({ counts }) => counts));
  const failed = series.at(-1)?.values.reduce((all, count) => all + count, 0) ?? 0;
  const span = `${formatDay(new Date(frame.from).toISOString())} to ${formatDay(new Date(frame.to).toISOString())}`;
  return (
    <Plot
      label={`${isSampled ? 'About ' : ''}${formatNumber(total)} runs created from ${span}, ${formatNumber(failed)} of them failed. Drag over it to filter by time.`}
      at={at}
      series={series}
      kind="bars"
      stacked
      height={HISTOGRAM_HEIGHT}
      format={formatCount}
      onSelect={brush}
    />
  );
}

/** The axis counts runs, of which there are no halves. */
const formatCount = (count: number): string => (Number.isInteger(count) ? formatCompact(count) : '');

function sum(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((all, { count }) => all + count, 0);
}
