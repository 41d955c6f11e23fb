import { useState } from 'react';
import { RUN_COLUMNS } from './run-columns.tsx';

const KEY = 'baton.runs.columns';

/** Which columns are shown: ids in the order of the table, kept on this device. */
export interface ColumnChoice {
  readonly chosen: readonly string[];
  readonly toggle: (id: string) => void;
}

/** The viewer's choice of columns. The run itself is always there: it is the way to its page. */
export function useColumnChoice(): ColumnChoice {
  const [chosen, setChosen] = useState(readChoice);
  return {
    chosen,
    toggle(id) {
      const next = RUN_COLUMNS.filter((column) => (column.id === id ? !chosen.includes(id) : chosen.includes(column.id)));
      const ids = next.map((column) => column.id);
      localStorage.setItem(KEY, ids.join(' '));
      setChosen(ids);
    },
  };
}

function readChoice(): readonly string[] {
  const kept = localStorage.getItem(KEY)?.split(' ');
  return RUN_COLUMNS.filter(({ id, isUsual }) => (kept ? kept.includes(id) : isUsual)).map(({ id }) => id);
}
