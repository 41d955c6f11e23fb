import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** A tab and what it shows; `count` stands beside its name. */
export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly count?: number | string;
  readonly content: ReactNode;
}

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

/** Several views of one thing; only the selected one is rendered. Keep `selected` in the address. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps) {
  return (
    <Radix.Root value={selected} onValueChange={onSelect} className="min-w-0">
      <Radix.List aria-label={label} className="flex gap-1 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.id}
            value={tab.id}
            className="-mb-px border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-muted hover:text-ink data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {tab.label}
            {tab.count === undefined ? null : <span className="ml-1.5 text-xs text-muted">{tab.count}</span>}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.id} value={tab.id} className="pt-3 outline-none focus-visible:outline-2">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
