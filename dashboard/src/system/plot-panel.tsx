import { useState } from 'react';
import { formatDay } from '../ui/format.ts';
import { Plot, type Series } from '../ui/plot.tsx';
import { Panel } from '../ui/screen.tsx';

/** The tones of the lines; written out, since class names are found by their text. */
const SWATCHES = { accent: 'bg-accent', ok: 'bg-ok', warn: 'bg-warn', info: 'bg-info' } as const;

/** A line of a plot. */
export interface Line extends Series {
  readonly tone: keyof typeof SWATCHES;
}

interface PlotPanelProps {
  readonly title: string;
  /** Seconds since the epoch. */
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** Shown instead of a plot without values. */
  readonly empty: string;
}

const HEIGHT = 160;

/** Lines over time with their values: the newest, or those under the pointer. */
export function PlotPanel({ title, at, lines, format, empty }: PlotPanelProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const shown = hovered ?? at.length - 1;
  const moment = at[shown];
  return (
    <Panel title={title}>
      {at.length === 0 ? (
        <p className="grid place-items-center text-center text-muted" style={{ height: HEIGHT }}>
          {empty}
        </p>
      ) : (
        <Plot
          label={`${title}. ${lines.map((line) => gist(line, format)).join('; ')}`}
          {...{ at, format }}
          series={lines}
          height={HEIGHT}
          onHover={setHovered}
        />
      )}
      <ul className="mt-2 flex h-4 flex-wrap gap-x-4 overflow-hidden text-xs text-muted">
        {lines.map(({ label, tone, values }) => (
          <li key={label} className="flex items-center gap-1.5">
            <span aria-hidden className={`size-2.5 rounded-sm ${SWATCHES[tone]}`} />
            {label} <span className="font-medium text-ink tabular-nums">{written(values[shown], format)}</span>
          </li>
        ))}
        {moment === undefined ? null : (
          <li className="ml-auto tabular-nums">{formatDay(new Date(moment * 1_000).toISOString())}</li>
        )}
      </ul>
    </Panel>
  );
}

function written(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

/** A line in words, for those who do not see it. */
function gist({ label, values }: Line, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${label}: nothing`;
  return `${label}: ${written(known.at(-1), format)} now, at most ${format(known.reduce((most, value) => Math.max(most, value)))}`;
}
