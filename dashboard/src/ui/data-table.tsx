import { useNavigate } from '@tanstack/react-router';
import { type ColumnDef, columnSizingFeature, type RowData, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';
import { ScrollRegion } from './scroll-region.tsx';
import { Skeleton } from './skeleton.tsx';

const features = tableFeatures({ columnSizingFeature });
const ROW_HEIGHT = 40;
const OVERSCAN = 12;
/** How many rows before the end the next page is asked for. */
const AHEAD = 20;

/** A column: `size` is its width in pixels, and the widths share the room that is left in proportion. */
export type Column<Row extends RowData> = ColumnDef<typeof features, Row>;

/** Rows that are chosen for something to be done to all of them. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly onChange: (ids: ReadonlySet<string>) => void;
}

interface DataTableProps<Row extends RowData> {
  /** What the rows are, for those who do not see the screen. */
  readonly label: string;
  /** Keep both stable between renders (module scope or a memo): new ones build the table anew. */
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowId: (row: Row) => string;
  /** Where a row leads, search part included; one of its cells should hold the link itself. */
  readonly href?: (row: Row) => string;
  readonly selection?: Selection;
  readonly hasMore?: boolean;
  readonly onMore?: () => void;
  readonly isLoading?: boolean;
  /** Shown instead of no rows. */
  readonly empty: ReactNode;
  /** Whether j, k, Enter and x work on this table: for the one main table of a screen. */
  readonly keyboard?: boolean;
}

/** A table of any length: only the rows in view are in the page, and the next page is asked for before its end is reached. */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const {
    label,
    rows,
    columns,
    rowId,
    href,
    selection,
    hasMore = false,
    onMore,
    isLoading = false,
    empty,
    keyboard = false,
  } = props;
  const frame = useRef<HTMLElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const navigate = useNavigate();
  const table = useTable({ features, data: rows as Row[], columns: columns as Column<Row>[], getRowId: rowId });
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;

  useEffect(() => {
    if (hasMore && !isLoading && last >= rows.length - AHEAD) onMore?.();
  }, [hasMore, isLoading, last, rows.length, onMore]);

  const open = (id: string) => {
    const row = rows.find((candidate) => rowId(candidate) === id);
    if (row && href) void navigate({ href: href(row) });
  };
  const move = (step: number) => {
    const at = rows.findIndex((row) => rowId(row) === active);
    const to = Math.min(Math.max(at + step, 0), rows.length - 1);
    const row = rows[to];
    if (!row) return;
    setActive(rowId(row));
    virtual.scrollToIndex(to);
  };
  const toggle = (id: string) => {
    if (!selection) return;
    const ids = new Set(selection.ids);
    if (!ids.delete(id)) ids.add(id);
    selection.onChange(ids);
  };
  useShortcuts(
    keyboard
      ? [
          { keys: 'j', label: 'Next row', run: () => move(1) },
          { keys: 'k', label: 'Previous row', run: () => move(-1) },
          ...(href ? [{ keys: 'Enter', label: 'Open the row', run: () => active !== null && open(active) }] : []),
          ...(selection ? [{ keys: 'x', label: 'Select the row', run: () => active !== null && toggle(active) }] : []),
        ]
      : [],
  );

  if (rows.length === 0) return isLoading ? <Skeleton lines={8} label={`Loading ${label}`} /> : empty;
  const before = visible[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (visible.at(-1)?.end ?? 0);
  const models = table.getRowModel().rows;
  const width = columns.length + (selection ? 1 : 0);
  return (
    <ScrollRegion ref={frame} label={label} className="min-h-0 flex-1 rounded-xl border bg-surface">
      <table className="w-full min-w-max table-fixed border-collapse" aria-rowcount={hasMore ? -1 : rows.length}>
        <thead className="sticky top-0 z-[1] bg-surface text-left text-xs text-muted">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} className="border-b">
              {selection ? (
                <th className="w-10 px-3">
                  <input
                    type="checkbox"
                    aria-label={`Select all ${rows.length} rows shown`}
                    className="size-4 align-middle accent-accent"
                    checked={rows.every((row) => selection.ids.has(rowId(row)))}
                    onChange={(event) => selection.onChange(new Set(event.target.checked ? rows.map(rowId) : []))}
                  />
                </th>
              ) : null}
              {group.headers.map((header) => (
                <th key={header.id} scope="col" className="h-9 px-3 font-medium" style={{ width: header.getSize() }}>
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          <Spacer height={before} columns={width} />
          {visible.map(({ index }) => {
            const row = models[index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                aria-rowindex={index + 2}
                data-active={row.id === active || undefined}
                aria-selected={selection ? selection.ids.has(row.id) : undefined}
                className={`border-b last:border-b-0 hover:bg-hover data-active:bg-accent-soft ${href ? 'cursor-pointer' : ''}`}
                style={{ height: ROW_HEIGHT }}
                onClick={href ? (event) => isPlainClick(event) && open(row.id) : undefined}
              >
                {selection ? (
                  <td className="px-3">
                    <input
                      type="checkbox"
                      aria-label={`Select ${row.id}`}
                      className="size-4 align-middle accent-accent"
                      checked={selection.ids.has(row.id)}
                      onChange={() => toggle(row.id)}
                    />
                  </td>
                ) : null}
                {row.getAllCells().map((cell) => (
                  <td key={cell.id} className="truncate px-3">
                    <table.FlexRender cell={cell} />
                  </td>
                ))}
              </tr>
            );
          })}
          <Spacer height={after} columns={width} />
        </tbody>
      </table>
    </ScrollRegion>
  );
}

/** The room of the rows that are not in the page. */
function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  return height > 0 ? (
    <tr aria-hidden style={{ height }}>
      <td colSpan={columns} />
    </tr>
  ) : null;
}

/** A click on the row itself: not on a control in it, not with a key that means something else, not the end of marking text. */
function isPlainClick(event: MouseEvent): boolean {
  if (event.metaKey || event.ctrlKey || event.shiftKey || getSelection()?.toString()) return false;
  return !(event.target as Element).closest('a, button, input, label, select, textarea');
}
