import { Button } from '../../ui/button.tsx';
import { formatNumber } from '../../ui/format.ts';
import { Menu } from '../../ui/menu.tsx';
import { OPERATIONS, type Operation } from './operations.ts';

/** What of the runs is chosen: some of those shown, or all that the filter means. */
export type Choice = { readonly ids: ReadonlySet<string> } | 'all';

interface BulkBarProps {
  readonly choice: Choice;
  /** How many the filter means, as far as they were counted. */
  readonly total: number;
  readonly isTotalCapped: boolean;
  readonly onChooseAll: () => void;
  readonly onClear: () => void;
  readonly onOperation: (operation: Operation) => void;
}

/** How many runs are chosen, and what can be done to them. It stands below the table, so that no row moves when it comes. */
export function BulkBar({ choice, total, isTotalCapped, onChooseAll, onClear, onOperation }: BulkBarProps) {
  const all = `${formatNumber(total)}${isTotalCapped ? '+' : ''}`;
  const count = choice === 'all' ? `All ${all}` : formatNumber(choice.ids.size);
  return (
    <section aria-label="Chosen runs" className="mt-2 flex flex-wrap items-center gap-2 rounded-xl border bg-raised px-3 py-2">
      <output className="font-medium tabular-nums">{count} selected</output>
      {choice !== 'all' && total > choice.ids.size ? (
        <Button variant="ghost" onClick={onChooseAll} className="text-accent">
          Select all {all} that match
        </Button>
      ) : null}
      <div className="hidden gap-2 sm:flex">
        {OPERATIONS.map((operation) => (
          <Button key={operation.id} variant={operation.isDanger ? 'danger' : 'plain'} onClick={() => onOperation(operation)}>
            {operation.verb}…
          </Button>
        ))}
      </div>
      <div className="sm:hidden">
        <Menu
          trigger={<Button>Do …</Button>}
          items={OPERATIONS.map((operation) => ({
            label: `${operation.verb}…`,
            danger: operation.isDanger,
            onSelect: () => onOperation(operation),
          }))}
        />
      </div>
      <Button variant="ghost" onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}
