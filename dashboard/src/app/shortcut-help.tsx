import { useSyncExternalStore } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { shortcuts } from './shortcuts.ts';

/** The keys that work here, each with what it does. */
export function ShortcutHelp({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const list = useSyncExternalStore(shortcuts.subscribe, shortcuts.get);
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-1.5">
        {list.map(({ keys, label }) => (
          <div key={keys + label} className="contents">
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key} className="mr-1 rounded border bg-canvas px-1.5 py-0.5 font-mono text-xs">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
