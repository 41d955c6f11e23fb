import { formatDuration } from '../ui/format.ts';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import type { Timeline } from './timeline-model.ts';
import { exact } from './timeline-words.ts';

/** A timeline as a table, for whoever reads rather than looks. */
export function TimelineTable({ timeline }: { readonly timeline: Timeline }) {
  const rows = timeline.lanes.flatMap(({ label, bars, marks }) => [
    ...bars.map((bar) => ({
      id: bar.id,
      lane: label,
      what: bar.label,
      from: bar.from,
      to: bar.isLive ? null : bar.to,
      ms: bar.to - bar.from,
    })),
    ...marks.map((mark) => ({ id: mark.id, lane: label, what: mark.label, from: mark.at, to: mark.at, ms: 0 })),
  ]);
  return (
    <ScrollRegion label="Timeline as a table" className="max-h-80">
      <table className="w-full text-left [&_td]:px-2 [&_td]:py-1 [&_th]:px-2 [&_th]:py-1">
        <thead className="sticky top-0 bg-surface text-xs text-muted">
          <tr>
            <th scope="col">Part</th>
            <th scope="col">What</th>
            <th scope="col">From</th>
            <th scope="col">Until</th>
            <th scope="col">Length</th>
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {rows
            .sort((one, other) => one.from - other.from)
            .map(({ id, lane, what, from, to, ms }) => (
              <tr key={id} className="border-t">
                <td>{lane}</td>
                <td>{what}</td>
                <td>{exact(from)}</td>
                <td>{to === null ? 'goes on' : exact(to)}</td>
                <td className="whitespace-nowrap">{formatDuration(ms)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
