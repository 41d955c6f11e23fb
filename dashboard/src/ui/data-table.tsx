import { useNavigate } from '@tanstack/react-router';
import { type ColumnDef, columnSizingFeature, type RowData, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';
import { ScrollRegion } from './scroll-region.tsx';
import { Skeleton } from './skeleton.tsx';
import { type RowHandlers, TableRow } from './table-row.tsx';
import { useRowAnchor } from './use-row-anchor.ts';

const features = tableFeatures({ columnSizingFeature });
const ROW_HEIGHT = 40;
const HEADER_HEIGHT = 36;
const OVERSCAN = 12;
/** How many rows before the end the next page is asked for. */
const AHEAD = 20;

/** The height in pixels that a table of so many rows takes up, for tables that are no higher than they need. */
export const heightOf = (rows: number): number => HEADER_HEIGHT + rows * ROW_HEIGHT + 3;

/** What the table library does for our tables. */
export type TableFeatures = typeof features;

/** A column: `size` is its width in pixels, and the widths share the room that is left in proportion. */
export type Column<Row extends RowData> = ColumnDef<TableFeatures, Row>;

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
  /** Told when the reader comes to the top of the rows and leaves it. */
  readonly onAtTop?: (isAtTop: boolean) => void;
  /** Lies over the rows; `toTop` leads to the first of them. */
  readonly overlay?: (toTop: () => void) => ReactNode;
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
    onAtTop,
    overlay,
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
    // The header stays over the rows, so the last of them end that much lower.
    scrollPaddingEnd: HEADER_HEIGHT,
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
  const touched = useRef<string | null>(null);
  const toggle = (id: string, isRange: boolean) => {
    if (!selection) return;
    const from = isRange ? rows.findIndex((row) => rowId(row) === touched.current) : -1;
    const to = rows.findIndex((row) => rowId(row) === id);
    const meant = from < 0 ? [id] : rows.slice(Math.min(from, to), Math.max(from, to) + 1).map(rowId);
    touched.current = id;
    const ids = new Set(selection.ids);
    const isTaken = ids.has(id);
    for (const each of meant) {
      if (isTaken) ids.delete(each);
      else ids.add(each);
    }
    selection.onChange(ids);
  };
  // Stable for the rows, whatever the handlers close over.
  const current = useRef({ open, toggle });
  current.current = { open, toggle };
  const leads = href !== undefined;
  const handlers = useMemo(
    (): RowHandlers => ({
      open: leads ? (id) => current.current.open(id) : null,
      toggle: (id, isRange) => current.current.toggle(id, isRange),
    }),
    [leads],
  );
  useRowAnchor({ frame, rows, rowId, height: ROW_HEIGHT, onAtTop });
  useShortcuts(
    keyboard
      ? [
          { keys: 'j', label: 'Next row', run: () => move(1) },
          { keys: 'k', label: 'Previous row', run: () => move(-1) },
          ...(href ? [{ keys: 'Enter', label: 'Open the row', run: () => active !== null && open(active) }] : []),
          ...(selection ? [{ keys: 'x', label: 'Select the row', run: () => active !== null && toggle(active, false) }] : []),
        ]
      : [],
  );

  if (rows.length === 0) return isLoading ? <Skeleton lines={8} label={`Loading ${label}`} /> : empty;
  const before = visible[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (visible.at(-1)?.end ?? 0);
  const models = table.getRowModel().rows;
  const width = columns.length + (selection ? 1 : 0);
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <ScrollRegion
        ref={frame}
        label={label}
        style={{ overflowAnchor: 'none' }}
        className="min-h-0 flex-1 rounded-xl border bg-surface"
      >
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
                <TableRow
                  key={row.id}
                  row={row}
                  columns={columns}
                  index={index}
                  height={ROW_HEIGHT}
                  isActive={row.id === active}
                  isSelected={selection ? selection.ids.has(row.id) : null}
                  handlers={handlers}
                />
              );
            })}
            <Spacer height={after} columns={width} />
          </tbody>
        </table>
      </ScrollRegion>
      {overlay?.(() => virtual.scrollToOffset(0))}
    </div>
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
