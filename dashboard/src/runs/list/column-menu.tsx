import { Columns3 } from 'lucide-react';
import { Button } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { RUN_COLUMNS } from './run-columns.tsx';
import type { ColumnChoice } from './use-column-choice.ts';

/** Chooses the columns of the table. */
export function ColumnMenu({ choice: { chosen, toggle } }: { readonly choice: ColumnChoice }) {
  return (
    <Menu
      trigger={
        <Button icon={Columns3} className="h-9">
          Columns
        </Button>
      }
      items={RUN_COLUMNS.filter(({ id }) => id !== 'run').map(({ id, label }) => ({
        label,
        checked: chosen.includes(id),
        onSelect: () => toggle(id),
      }))}
    />
  );
}
