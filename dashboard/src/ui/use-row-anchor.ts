import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

interface AnchorOptions<Row> {
  readonly frame: RefObject<HTMLElement | null>;
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  /** Pixels of each row. */
  readonly height: number;
  /** Told when the reader comes to the top and leaves it. */
  readonly onAtTop: ((isAtTop: boolean) => void) | undefined;
}

/**
 * Keeps what is being read where it is while rows come and go above it. At the top nothing is held: new rows are to be seen there.
 * The frame needs `overflow-anchor: none`, or the browser does the same a second time.
 */
export function useRowAnchor<Row>({ frame, rows, rowId, height, onAtTop }: AnchorOptions<Row>): void {
  const before = useRef(rows);
  const told = useRef(onAtTop);
  told.current = onAtTop;

  useLayoutEffect(() => {
    const old = before.current;
    before.current = rows;
    const element = frame.current;
    if (!element || old === rows || element.scrollTop < height) return;
    const first = Math.floor(element.scrollTop / height);
    const places = new Map(rows.map((row, index) => [rowId(row), index]));
    // The first of those in view that is still there: the others may have left.
    for (let index = first; index < old.length; index++) {
      const place = places.get(rowId(old[index] as Row));
      if (place === undefined) continue;
      if (place !== index) element.scrollTop += (place - index) * height;
      return;
    }
  }, [frame, rows, rowId, height]);

  const isEmpty = rows.length === 0;
  useEffect(() => {
    const element = frame.current;
    if (isEmpty || !element) return;
    let wasAtTop: boolean | null = null;
    const look = () => {
      const isAtTop = element.scrollTop < height;
      if (isAtTop !== wasAtTop) told.current?.(isAtTop);
      wasAtTop = isAtTop;
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    return () => element.removeEventListener('scroll', look);
  }, [frame, height, isEmpty]);
}
