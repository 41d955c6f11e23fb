import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatClock, formatDate, formatTime } from './format.ts';
import { useColourScheme } from './use-colour-scheme.ts';
import { useElementWidth } from './use-element-width.ts';

const DAY_SECS = 86_400;

/** A line or a layer of bars. */
export interface Series {
  readonly label: string;
  /** A custom property of the theme: `ok`, `bad`, `accent`, … */
  readonly tone: string;
  /** One value for each moment; null leaves a gap. */
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  /** What it shows, for those who do not see it: put the gist in, not `a chart`. */
  readonly label: string;
  /** Seconds since the epoch, ascending. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
  readonly height?: number;
  readonly kind?: 'line' | 'bars';
  /** Draws each series on top of the ones before it. */
  readonly stacked?: boolean;
  readonly format?: (value: number) => string;
  /** Called with the span of time that was brushed, in seconds since the epoch. */
  readonly onSelect?: (from: number, to: number) => void;
  /** Called with the index of the moment under the pointer, and with null when it leaves. */
  readonly onHover?: (index: number | null) => void;
  /** Neither axes nor legend: a sparkline. */
  readonly bare?: boolean;
}

/** Values over time, drawn by uPlot in the colours of the theme. */
export function Plot({
  label,
  at,
  series,
  height = 160,
  kind = 'line',
  stacked = false,
  format,
  onSelect,
  onHover,
  bare = false,
}: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useElementWidth(frame);
  const scheme = useColourScheme();
  const current = useRef({ at, series, onSelect, onHover, format });
  current.current = { at, series, onSelect, onHover, format };
  const shown = useRef<UPlot | null>(null);
  const isEmpty = at.length === 0;
  const isBrushable = onSelect !== undefined;
  const tones = series.map(({ label: name, tone }) => `${name} ${tone}`).join('|');

  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot is made anew with other colours and other series.
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0 || isEmpty) return;
    const { series } = current.current;
    const style = getComputedStyle(element);
    // Canvas does not resolve light-dark(): a probe element does.
    const colour = (name: string) => resolveColour(element, name);
    const halfBar = () => (kind === 'bars' ? ((current.current.at[1] ?? 0) - (current.current.at[0] ?? 0)) / 2 : 0);
    const plot = new UPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: !bare, drag: { x: isBrushable, y: false, setScale: false } },
        // Half a label stands out over the last mark.
        padding: bare ? [2, 0, 2, 0] : [8, 24, 0, 0],
        scales: {
          x: { time: true, range: (_plot, min, max) => [min - halfBar(), max + halfBar()] },
          y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.05 : 1] },
        },
        axes: bare
          ? [{ show: false }, { show: false }]
          : [
              {
                stroke: colour('muted'),
                grid: { show: false },
                ticks: { stroke: colour('line'), size: 4 },
                font: `11px ${style.fontFamily}`,
                size: 26,
                space: 64,
                values: (_plot, splits, _axis, _space, step) => splits.map((split) => axisTime(split, step)),
              },
              {
                stroke: colour('muted'),
                grid: { stroke: colour('line'), width: 1 },
                ticks: { show: false },
                font: `11px ${style.fontFamily}`,
                size: 56,
                values: (_plot, splits) => splits.map((split) => current.current.format?.(split) ?? String(split)),
              },
            ],
        series: [
          {},
          ...drawingOrder(series, stacked).map(({ label: name, tone }) => {
            const paint = colour(tone);
            return kind === 'bars'
              ? {
                  label: name,
                  fill: paint,
                  stroke: paint,
                  width: 0,
                  points: { show: false },
                  paths: UPlot.paths.bars?.({ size: [0.9, 40] }) as UPlot.Series.PathBuilder,
                }
              : { label: name, stroke: paint, width: 1.5, points: { show: false } };
          }),
        ],
        hooks: {
          setCursor: [(chart) => current.current.onHover?.(chart.cursor.idx ?? null)],
          setSelect: [
            (chart) => {
              const { left, width: brushed } = chart.select;
              if (brushed < 4) return;
              current.current.onSelect?.(chart.posToVal(left, 'x'), chart.posToVal(left + brushed, 'x'));
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      toData(current.current.at, series, stacked),
      element,
    );
    shown.current = plot;
    return () => {
      shown.current = null;
      plot.destroy();
    };
  }, [tones, scheme, isEmpty, width, height, kind, stacked, isBrushable, bare]);

  // New values go into the plot there is, so that a brush that is being drawn stays.
  useEffect(() => shown.current?.setData(toData(at, series, stacked)), [at, series, stacked]);

  return <div ref={frame} role="img" aria-label={label} style={{ height }} className="w-full min-w-0 overflow-hidden" />;
}

/** A moment on the axis, in seconds since the epoch, as finely as the marks stand apart. */
function axisTime(seconds: number, step: number): string {
  const instant = new Date(seconds * 1_000).toISOString();
  if (step >= DAY_SECS || new Date(instant).getHours() + new Date(instant).getMinutes() === 0) return formatDate(instant);
  return step < 60 ? formatTime(instant) : formatClock(instant);
}

/** Stacked layers are drawn from the highest to the lowest, so that each covers the foot of the one above it. */
function drawingOrder<Layer>(layers: readonly Layer[], stacked: boolean): readonly Layer[] {
  return stacked ? layers.toReversed() : layers;
}

function toData(at: readonly number[], series: readonly Series[], stacked: boolean): UPlot.AlignedData {
  const values = series.map((layer) => layer.values);
  return [at as number[], ...drawingOrder(stacked ? stack(values) : values, stacked)] as UPlot.AlignedData;
}

function stack(layers: readonly (readonly (number | null)[])[]): number[][] {
  let below: number[] = [];
  return layers.map((layer) => {
    below = layer.map((value, index) => (below[index] ?? 0) + (value ?? 0));
    return below;
  });
}

function resolveColour(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--color-${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
