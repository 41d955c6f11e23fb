import type { ReactNode } from 'react';
import { ScrollRegion } from '../ui/scroll-region.tsx';

interface PlainTableProps {
  readonly label: string;
  /** The last ones are figures when they end with `#`, which is not shown. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly id: string; readonly cells: readonly ReactNode[] }[];
}

/** A short table that is read and not worked with: no selection, no paging. */
export function PlainTable({ label, columns, rows }: PlainTableProps) {
  const isFigure = (index: number) => columns[index]?.endsWith('#') ?? false;
  return (
    <ScrollRegion label={label} className="max-h-72">
      <table className="w-full border-collapse">
        <thead className="sticky top-0 bg-surface text-left text-xs text-muted">
          <tr className="border-b">
            {columns.map((column, index) => (
              <th key={column} scope="col" className={`py-1.5 pr-4 font-medium last:pr-0 ${isFigure(index) ? 'text-right' : ''}`}>
                {column.replace('#', '')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells }) => (
            <tr key={id} className="border-b last:border-b-0">
              {cells.map((cell, index) => (
                <td key={columns[index]} className={`py-1.5 pr-4 last:pr-0 ${isFigure(index) ? 'text-right tabular-nums' : ''}`}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
