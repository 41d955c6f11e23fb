import { FlexRender, type Row, type RowData } from '@tanstack/react-table';
import { type MouseEvent, memo } from 'react';
import type { Column, TableFeatures } from './data-table.tsx';

/** What a row of a table can be asked for. */
export interface RowHandlers {
  /** Null for a table whose rows lead nowhere. */
  readonly open: ((id: string) => void) | null;
  /** With `isRange` everything between the row that was touched before and this one. */
  readonly toggle: (id: string, isRange: boolean) => void;
}

interface TableRowProps<Data extends RowData> {
  readonly row: Row<TableFeatures, Data>;
  readonly columns: readonly Column<Data>[];
  readonly index: number;
  readonly height: number;
  readonly isActive: boolean;
  /** Null where rows cannot be selected. */
  readonly isSelected: boolean | null;
  /** Stable between renders. */
  readonly handlers: RowHandlers;
}

function BareTableRow<Data extends RowData>({
  row,
  columns,
  index,
  height,
  isActive,
  isSelected,
  handlers,
}: TableRowProps<Data>) {
  const { open, toggle } = handlers;
  return (
    <tr
      aria-rowindex={index + 2}
      data-active={isActive || undefined}
      aria-selected={isSelected ?? undefined}
      className={`border-b last:border-b-0 hover:bg-hover data-active:bg-accent-soft ${open ? 'cursor-pointer' : ''}`}
      style={{ height }}
      onClick={open ? (event) => isPlainClick(event) && open(row.id) : undefined}
    >
      {isSelected === null ? null : (
        <td className="px-3">
          <input
            type="checkbox"
            aria-label={`Select ${row.id}`}
            className="size-4 align-middle accent-accent"
            checked={isSelected}
            onChange={({ nativeEvent }) => toggle(row.id, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)}
          />
        </td>
      )}
      <Cells row={row} columns={columns} />
    </tr>
  );
}

/** A row; it is drawn again only when something about it is another. */
export const TableRow = memo(BareTableRow, (before, after) => {
  const { row: rowBefore, ...propsBefore } = before;
  const { row, ...props } = after;
  return (
    isSameRow(rowBefore, row) && Object.entries(props).every(([name, value]) => value === propsBefore[name as keyof typeof props])
  );
}) as typeof BareTableRow;

/** The cells alone: a row that has only moved, because others came above it, does not draw them again. */
const Cells = memo(
  function Cells<Data extends RowData>({ row }: Pick<TableRowProps<Data>, 'row' | 'columns'>) {
    return row.getAllCells().map((cell) => (
      <td key={cell.id} className="truncate px-3">
        <FlexRender cell={cell} />
      </td>
    ));
  },
  (before, after) => isSameRow(before.row, after.row) && before.columns === after.columns,
) as <Data extends RowData>(props: Pick<TableRowProps<Data>, 'row' | 'columns'>) => React.ReactNode;

/** The table makes its rows anew whenever one of them changes; what they are made of stays. */
function isSameRow<Data extends RowData>(a: Row<TableFeatures, Data>, b: Row<TableFeatures, Data>): boolean {
  return a.original === b.original && a.id === b.id;
}

/**
 * A click on the row itself: not on a control in it, not on a menu of it, which React takes for a part of the row wherever it is in the page,
 * not with a key that means something else, not the end of marking text.
 */
function isPlainClick(event: MouseEvent): boolean {
  if (!event.currentTarget.contains(event.target as Node)) return false;
  if (event.metaKey || event.ctrlKey || event.shiftKey || getSelection()?.toString()) return false;
  return !(event.target as Element).closest('a, button, input, label, select, textarea');
}
