import type { DashboardFigures } from './dashboard.ts';
import type { Extent } from './options.ts';
import { percentile } from './statistics.ts';

/** What was measured of the dashboard, in Markdown. */
export function renderDashboard(figures: DashboardFigures, { dashboardRuns }: Extent): string {
  const { firstPaintMs, filterMs, longestTaskMs, changesPerSecond } = figures;
  const rows = [
    [`dashboard over ${dashboardRuns.toLocaleString('en-US')} runs`, 'p50 ms', 'p95 ms', 'max ms', 'aim'],
    ['from the address to the rows, for the first time', ...spread(firstPaintMs), '≤ 1,500'],
    ['from a filter to its rows', ...spread(filterMs), 'p95 ≤ 300'],
    [`longest task at ${changesPerSecond.toFixed(0)} changes/s`, '', '', longestTaskMs.toFixed(0), '≤ 100'],
  ];
  const [head, ...body] = rows.map((row) => `| ${row.join(' | ')} |`);
  return [head, `|${rows[0]?.map(() => '---').join('|')}|`, ...body].join('\n');
}

function spread(values: readonly number[]): string[] {
  return [50, 95, 100].map((share) => percentile([...values], share).toFixed(0));
}
