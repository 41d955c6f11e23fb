import type { StreamFigures } from './streams.ts';

interface Row {
  title: string;
  read: (figures: StreamFigures) => number;
  digits: number;
  aim?: string;
}

const ROWS: Row[] = [
  { title: 'chunk sent to chunk received, p50 ms', read: ({ chunkMs }) => chunkMs.p50, digits: 1, aim: '≤ 20' },
  { title: 'chunk sent to chunk received, p99 ms', read: ({ chunkMs }) => chunkMs.p99, digits: 1, aim: '≤ 100' },
  { title: 'rows written per chunk', read: ({ eventsPerChunk }) => eventsPerChunk, digits: 2 },
  { title: '1,000 idle subscribers, MiB', read: ({ idle }) => idle.memoryMiB, digits: 0, aim: '≤ 150' },
  { title: '1,000 idle subscribers, queries/s', read: ({ idle }) => idle.queriesPerSecond, digits: 1 },
  { title: 'queries/s without them', read: ({ idle }) => idle.queriesPerSecondWithout, digits: 1 },
  { title: 'fan-out beside 20 stalled readers, events/s', read: ({ fanOut }) => fanOut.eventsPerSecond, digits: 0 },
  { title: 'fan-out beside 20 stalled readers, lag p99 ms', read: ({ fanOut }) => fanOut.p99Ms, digits: 0, aim: '≤ 1,000' },
  {
    title: 'fan-out beside 20 stalled readers, memory growth MiB',
    read: ({ fanOut }) => fanOut.memoryMiB,
    digits: 0,
    aim: '≤ 100',
  },
  { title: 'executor calls/s, log', read: ({ callsPerSecond }) => callsPerSecond.log, digits: 0, aim: '≥ 2,000' },
  { title: 'executor calls/s, heartbeat', read: ({ callsPerSecond }) => callsPerSecond.heartbeat, digits: 0, aim: '≥ 2,000' },
  { title: 'executor calls/s, stream', read: ({ callsPerSecond }) => callsPerSecond.stream, digits: 0, aim: '≥ 2,000' },
];

/** The table of the streams, in Markdown, aligned for a terminal. */
export function renderStreams(figures: StreamFigures): string {
  const lines = [
    ['streams', 'Baton', 'aim'],
    ...ROWS.map(({ title, read, digits, aim = '' }) => [title, show(read(figures), digits), aim]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head, ...body] = lines.map((line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}

function show(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
