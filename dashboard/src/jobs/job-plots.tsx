import { useMemo } from 'react';
import { formatCompact, formatNumber, formatPercent } from '../ui/format.ts';
import { Plot } from '../ui/plot.tsx';
import { Panel } from '../ui/screen.tsx';
import { toneOf } from '../ui/status-badge.tsx';
import type { Histogram } from './job-document.ts';

/** The layers of the plot, from the ground up: what a status means for the job, not each status by itself. */
const LAYERS = [
  { label: 'Completed', tone: 'ok', color: 'bg-ok' },
  { label: 'Failed', tone: 'bad', color: 'bg-bad' },
  { label: 'Under way', tone: 'accent', color: 'bg-accent' },
  { label: 'Canceled or expired', tone: 'idle', color: 'bg-idle' },
] as const;

function layerOf(status: string): (typeof LAYERS)[number]['tone'] {
  const tone = toneOf(status);
  return tone === 'ok' || tone === 'bad' || tone === 'idle' ? tone : 'accent';
}

/** The runs of a job over time, by how they stand now, and how many of those that ended have completed. */
export function JobPlots({ histogram }: { readonly histogram: Histogram }) {
  const { at, layers, rate, totals } = useMemo(() => read(histogram), [histogram]);
  const gist = LAYERS.map(({ label, tone }) => `${formatNumber(totals[tone])} ${label.toLowerCase()}`).join(', ');
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Panel title="Runs by the time of their trigger">
        <Plot label={`Runs over time: ${gist}`} at={at} series={layers} kind="bars" stacked format={formatCompact} />
        <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
          {LAYERS.map(({ label, tone, color }) => (
            <li key={tone} className="flex items-center gap-1.5">
              <span aria-hidden className={`size-2.5 rounded-sm ${color}`} />
              {label} <span className="tabular-nums">{formatNumber(totals[tone])}</span>
            </li>
          ))}
          {histogram.isSampled ? <li>Partly estimated: there are too many runs to look at each.</li> : null}
        </ul>
      </Panel>
      <Panel title="Success rate">
        <Plot
          label={`Share of ended runs that completed, over time; in all ${shareWords(totals.ok, totals.bad)}`}
          at={at}
          series={rate}
          kind="bars"
          format={formatPercent}
        />
        <p className="mt-2 text-xs text-muted">Of the runs triggered at that time; a gap is a time without any that ended.</p>
      </Panel>
    </div>
  );
}

function shareWords(ok: number, bad: number): string {
  return ok + bad === 0 ? 'none ended' : formatPercent(ok / (ok + bad));
}

function read({ buckets }: Histogram) {
  const rows = buckets.map(({ counts }) => {
    const row = { ok: 0, bad: 0, accent: 0, idle: 0 };
    for (const { status, count } of counts) row[layerOf(status)] += count;
    return row;
  });
  const totals = { ok: 0, bad: 0, accent: 0, idle: 0 };
  for (const row of rows) for (const { tone } of LAYERS) totals[tone] += row[tone];
  return {
    at: buckets.map(({ at }) => Date.parse(at) / 1_000),
    layers: LAYERS.map(({ label, tone }) => ({ label, tone, values: rows.map((row) => row[tone]) })),
    rate: [{ label: 'Success rate', tone: 'ok', values: rows.map(({ ok, bad }) => (ok + bad === 0 ? null : ok / (ok + bad))) }],
    totals,
  };
}
