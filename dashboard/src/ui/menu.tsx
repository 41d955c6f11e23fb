import { Check, type LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';

/** An entry of a menu. */
export interface MenuItem {
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Given, the entry is a switch that shows whether it is on; the menu stays open while switches are pressed. */
  readonly checked?: boolean;
  readonly onSelect: () => void;
}

interface MenuProps {
  readonly trigger: ReactNode;
  readonly items: readonly MenuItem[];
  /** It is being opened: the time to load what it shows. */
  readonly onOpen?: () => void;
}

/** A button (`trigger`) that opens a menu. Not modal: a modal one writes style elements, which the content security policy forbids. */
export function Menu({ trigger, items, onOpen }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false} onOpenChange={(isOpen) => isOpen && onOpen?.()}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-30 max-h-[70vh] min-w-44 overflow-y-auto rounded-lg border bg-raised p-1 shadow-lg"
        >
          {items.map((item) => (
            <Entry key={item.label} item={item} />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const ENTRY =
  'flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover';

function Entry({ item: { label, icon: Icon, danger, disabled = false, checked, onSelect } }: { readonly item: MenuItem }) {
  if (checked !== undefined) {
    return (
      <DropdownMenu.CheckboxItem
        checked={checked}
        disabled={disabled}
        onCheckedChange={onSelect}
        onSelect={(event) => event.preventDefault()}
        className={ENTRY}
      >
        <Check aria-hidden className={`size-4 ${checked ? '' : 'invisible'}`} />
        {label}
      </DropdownMenu.CheckboxItem>
    );
  }
  return (
    <DropdownMenu.Item disabled={disabled} onSelect={onSelect} className={`${ENTRY} ${danger ? 'text-bad' : ''}`}>
      {Icon ? <Icon aria-hidden className="size-4" /> : null}
      {label}
    </DropdownMenu.Item>
  );
}
