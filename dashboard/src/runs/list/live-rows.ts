/** What a live list has to know of a row. */
export interface LiveRow {
  readonly id: string;
  readonly createdAt: string;
}

/** What happened to a run as far as a list is concerned; `run` is null on LEAVE. */
export interface RowChange<Row> {
  readonly kind: 'ENTER' | 'CHANGE' | 'LEAVE';
  readonly runId: string;
  readonly run: Row | null;
}

/** The part of a list that is loaded, newest first. */
export interface LiveRows<Row> {
  readonly rows: readonly Row[];
  /** Rows newer than all of `rows`, kept back so that nothing moves under who is reading further down; newest first. */
  readonly held: readonly Row[];
  /** More than {@link MAX_HELD} came: those beyond are not here, and the list has to be loaded anew to show them. */
  readonly isHeldCut: boolean;
  /** The list goes on behind `rows`. */
  readonly hasMore: boolean;
}

/** How many rows are kept back at most. */
export const MAX_HELD = 1_000;

/** Whether `a` stands before `b`: newest first, then by id. Instants have as many digits as they need, so their zone is left out. */
export function isBefore(a: LiveRow, b: LiveRow): boolean {
  const [left, right] = [a.createdAt.slice(0, -1), b.createdAt.slice(0, -1)];
  return left === right ? a.id > b.id : left > right;
}

/**
 * Applies changes in the order they were told: puts on ENTER and CHANGE, takes out on LEAVE. A run that belongs behind the end of what is
 * loaded is left out until that is loaded. With `isHolding` runs that belong before the first row are kept back. Rows that did not change
 * stay the same objects.
 */
export function applyChanges<Row extends LiveRow>(
  before: LiveRows<Row>,
  changes: readonly RowChange<Row>[],
  isHolding: boolean,
): LiveRows<Row> {
  const latest = new Map(changes.map(({ runId, run }) => [runId, run]));
  if (latest.size === 0) return before;
  const [head] = before.rows;
  const rows = replaceAll(before.rows, latest);
  const held = replaceAll(before.held, latest);
  // What is left in the map is neither shown nor held.
  const entering = [...latest.values()].filter((run) => run !== null);
  const isNewer = (run: Row): boolean => isHolding && head !== undefined && isBefore(run, head);
  const last = before.rows.at(-1);
  const isLoaded = (run: Row): boolean => !before.hasMore || (last !== undefined && isBefore(run, last));
  const allHeld = merge(held, entering.filter(isNewer));
  return {
    rows: merge(
      rows,
      entering.filter((run) => !isNewer(run) && isLoaded(run)),
    ),
    held: allHeld.slice(-MAX_HELD),
    isHeldCut: before.isHeldCut || allHeld.length > MAX_HELD,
    hasMore: before.hasMore,
  };
}

/** Puts what is kept back at the top. */
export function release<Row extends LiveRow>(list: LiveRows<Row>): LiveRows<Row> {
  return list.held.length === 0 ? list : { ...list, rows: merge(list.rows, list.held), held: [] };
}

/** Adds a page behind the rows; a row that came by itself meanwhile stays as it is. */
export function addPage<Row extends LiveRow>(list: LiveRows<Row>, page: readonly Row[], hasMore: boolean): LiveRows<Row> {
  const known = new Set([...list.rows, ...list.held].map(({ id }) => id));
  return {
    ...list,
    rows: merge(
      list.rows,
      page.filter(({ id }) => !known.has(id)),
    ),
    hasMore,
  };
}

/** Rows with what became of them; what is found is taken out of `latest`. */
function replaceAll<Row extends LiveRow>(rows: readonly Row[], latest: Map<string, Row | null>): readonly Row[] {
  const next: Row[] = [];
  let isSame = true;
  for (const row of rows) {
    const now = latest.get(row.id);
    if (now === undefined) next.push(row);
    else {
      isSame = false;
      latest.delete(row.id);
      if (now) next.push(now);
    }
  }
  return isSame ? rows : next;
}

/** Merges sorted rows with others in any order. */
function merge<Row extends LiveRow>(rows: readonly Row[], others: readonly Row[]): readonly Row[] {
  if (others.length === 0) return rows;
  const sorted = others.toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  const merged: Row[] = [];
  let next = 0;
  for (const row of rows) {
    for (let other = sorted[next]; other && isBefore(other, row); other = sorted[++next]) merged.push(other);
    merged.push(row);
  }
  return [...merged, ...sorted.slice(next)];
}
