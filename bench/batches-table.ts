import type { BatchFigures, Bulk } from './batches.ts';
import type { Extent } from './options.ts';

/** What was measured of batches, in Markdown. */
export function renderBatches(figures: BatchFigures, { bulk, searched }: Extent): string {
  const { trigger, repeat, cancel, search } = figures;
  const items = bulk.toLocaleString('en-US');
  const rows = [
    ['one request', 'seconds', 'aim', 'other requests p99 ms', 'aim', 'max ms', 'server peak MiB'],
    rowOf(`bulk trigger of ${items} (${figures.bodyMiB.toFixed(0)} MiB)`, trigger, '≤ 15'),
    rowOf('the same again, same key', repeat, ''),
    rowOf(`bulk cancel of ${items}`, cancel, '≤ 15'),
  ];
  const [head, ...body] = rows.map((row) => `| ${row.join(' | ')} |`);
  const plan = `plan: ${search.indexes.join(', ')}${search.scans.length > 0 ? `; reads all of ${search.scans.join(', ')}` : ''}`;
  return [
    [head, `|${rows[0]?.map(() => '---').join('|')}|`, ...body].join('\n'),
    `payload_contains among ${searched.toLocaleString('en-US')} runs: p50 ${search.p50.toFixed(1)} ms, p95 ${search.p95.toFixed(1)} ms (aim ≤ 50); ${plan}.`,
    'Other requests: GET /healthz every 5 ms from a thread of its own, which waits for the event loop of the server and little else.',
  ].join('\n\n');
}

function rowOf(title: string, { seconds, p99, max, peakMiB }: Bulk, aim: string): string[] {
  return [title, seconds.toFixed(1), aim, p99.toFixed(0), '≤ 250', max.toFixed(0), peakMiB.toFixed(0)];
}
