import { availableParallelism } from 'node:os';
import { PARTS } from './cpu.ts';
import type { Figures } from './measure.ts';
import { BULK_IN_FLIGHT, BULK_SIZE, IN_FLIGHT, LATENCY_PER_SECOND } from './phases.ts';
import type { Spread } from './statistics.ts';
import type { SubjectName } from './subject.ts';

interface Row {
  title: string;
  read: (figures: Figures) => number;
  /** How a value is printed. */
  show: (value: number) => string;
  /** Shown behind the value. */
  rangeOf?: (figures: Figures) => Spread;
  /** What we aim at, as printed. */
  aim?: string;
}

const ROWS: Row[] = [
  {
    title: `triggers acknowledged/s, ${IN_FLIGHT} in flight, nothing executing`,
    read: ({ ingest }) => ingest.singly,
    show: whole,
  },
  {
    title: `triggers acknowledged/s, bulk of ${BULK_SIZE}, ${BULK_IN_FLIGHT} in flight, nothing executing`,
    read: ({ ingest }) => ingest.inBulk,
    show: whole,
  },
  {
    title: `triggers acknowledged/s, ${IN_FLIGHT} in flight, while they run`,
    read: ({ endToEnd }) => endToEnd.acknowledgedPerSecond.median,
    show: whole,
    rangeOf: ({ endToEnd }) => endToEnd.acknowledgedPerSecond,
  },
  {
    title: `runs/s end to end, ${IN_FLIGHT} triggers in flight`,
    read: ({ endToEnd }) => endToEnd.runsPerSecond.median,
    show: whole,
    rangeOf: ({ endToEnd }) => endToEnd.runsPerSecond,
    aim: 'ratio ≥ 2',
  },
  { title: 'runs/s from a backlog', read: ({ drain }) => drain.perSecond, show: whole },
  {
    title: `start latency at ${LATENCY_PER_SECOND}/s, p50 ms`,
    read: ({ latencyMs }) => latencyMs.start.p50,
    show: tenths,
    aim: '≤ 10',
  },
  { title: `start latency at ${LATENCY_PER_SECOND}/s, p95 ms`, read: ({ latencyMs }) => latencyMs.start.p95, show: tenths },
  {
    title: `start latency at ${LATENCY_PER_SECOND}/s, p99 ms`,
    read: ({ latencyMs }) => latencyMs.start.p99,
    show: tenths,
    aim: '≤ 50',
  },
  { title: 'CPU-s per 1,000 runs, all', read: cpuOf(...PARTS), show: hundredths, aim: 'ratio ≤ 0.5' },
  { title: 'CPU-s per 1,000 runs, platform (postgres + server)', read: cpuOf('postgres', 'server'), show: hundredths },
  ...PARTS.map((part) => ({ title: `CPU-s per 1,000 runs, ${part}`, read: cpuOf(part), show: hundredths })),
  { title: 'peak memory, server + postgres, MiB', read: ({ peakMemoryMiB }) => peakMemoryMiB.sum, show: whole },
  { title: 'peak memory, server, MiB', read: ({ peakMemoryMiB }) => peakMemoryMiB.server, show: whole },
  { title: 'peak memory, postgres, MiB', read: ({ peakMemoryMiB }) => peakMemoryMiB.postgres, show: whole },
  { title: 'idle queries/s', read: ({ idle }) => idle.queriesPerSecond, show: tenths, aim: '≤ 2' },
  {
    title: 'idle CPU, platform, % of a core',
    read: ({ idle }) => idle.cpuPercent.postgres + idle.cpuPercent.server,
    show: hundredths,
  },
];

/** The one table, in Markdown, aligned for a terminal; ratios only where both subjects were measured. */
export function renderTable(figures: Partial<Record<SubjectName, Figures>>): string {
  const lines = [
    ['measured', 'Baton', 'floor', 'Baton/floor', 'aim'],
    ...ROWS.map((row) => [row.title, cell(row, figures.baton), cell(row, figures.floor), ratio(row, figures), row.aim ?? '']),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head, ...body] = lines.map((line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [head, rule, ...body].join('\n');
}

/** What a reader must know to judge the table. */
export function renderNotes(figures: Partial<Record<SubjectName, Figures>>, { history }: { history: number }): string {
  const runs = Object.entries(figures).map(([name, { runs }]) => `${name} ${runs.toLocaleString('en-US')}`);
  const foreign = Object.entries(figures).map(([name, { endToEnd }]) => `${name} ${endToEnd.foreignCores.toFixed(2)}`);
  return [
    `Node ${process.versions.node}, ${availableParallelism()} cores, everything on this machine; Postgres with fsync and synchronous_commit on, its own cluster each.`,
    `Runs in all: ${runs.join(', ')}; completed runs beforehand: ${history.toLocaleString('en-US')}. Ranges are over the passes.`,
    'Floor: graphile-worker tasks; a trigger is one statement (insert + add_job) over 16 connections, without HTTP, authentication or history.',
    'CPU from /proc with all child processes, over the end-to-end passes. Memory: server VmHWM; postgres private memory of all processes plus shared memory once.',
    `Cores that other processes of this machine kept busy during the end-to-end passes: ${foreign.join(', ')}.`,
    'Idle queries: every statement Postgres logs (log_statement = all) over the idle phase, BEGIN and COMMIT included.',
  ].join('\n');
}

function cpuOf(...parts: (typeof PARTS)[number][]): (figures: Figures) => number {
  return ({ endToEnd }) => parts.reduce((sum, part) => sum + endToEnd.cpuPer1000Runs[part], 0);
}

function cell({ read, show, rangeOf }: Row, figures: Figures | undefined): string {
  if (figures === undefined) return '–';
  const range = rangeOf?.(figures);
  const text = show(read(figures));
  return range === undefined || range.min === range.max ? text : `${text} (${show(range.min)}–${show(range.max)})`;
}

function ratio({ read }: Row, { baton, floor }: Partial<Record<SubjectName, Figures>>): string {
  if (baton === undefined || floor === undefined) return '–';
  const value = read(baton) / read(floor);
  return Number.isFinite(value) ? value.toFixed(2) : '–';
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function tenths(value: number): string {
  return value.toFixed(1);
}

function hundredths(value: number): string {
  return value.toFixed(2);
}
