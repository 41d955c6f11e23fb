import type { Extent } from './options.ts';
import { CHAINS_PER_SECOND } from './workflow-steps.ts';
import type { WorkflowFigures } from './workflows.ts';

/** What was measured of workflows and schedules, in Markdown. */
export function renderWorkflows({ steps, schedules, lists }: WorkflowFigures, extent: Extent): string {
  const { chainMs, plain, map, graph } = steps;
  const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  const ratio = (of: { readonly median: number }) => (of.median / plain.median).toFixed(2);
  const chain = `three steps one after the other at ${CHAINS_PER_SECOND}/s`;
  const lines = [
    ['workflows', 'Baton', 'aim'],
    [`${chain}, p50 ms`, chainMs.p50.toFixed(1), '≤ 60'],
    [`${chain}, p99 ms`, chainMs.p99.toFixed(1), ''],
    [`${count(extent.fanOut)} plain runs, runs/s`, count(plain.median), ''],
    [`${count(extent.fanOut)} items of a map, runs/s`, count(map.median), ''],
    ['of that of plain runs', ratio(map), '≥ 0.5'],
    [`${count(extent.fanOut)} steps of their own, runs/s`, count(graph.median), ''],
    ['of that of plain runs', ratio(graph), '≥ 0.5'],
    [`${count(extent.schedules)} schedules of one moment, the last one stored after s`, schedules.lastSeconds.toFixed(1), '≤ 30'],
    ['and all runs completed after s', schedules.completedSeconds.toFixed(1), ''],
    ...lists.map(({ title, p50, p95 }) => [
      `a page of ${count(extent.workflowRuns)} workflow runs, ${title}, p50 / p95 ms`,
      `${p50.toFixed(1)} / ${p95.toFixed(1)}`,
      'p95 ≤ 50',
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head, ...body] = lines.map((line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}
