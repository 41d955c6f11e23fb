import { useEffect, useRef } from 'react';
import { makeSignal } from '../api/signal.ts';

/** A key, or keys one after the other separated by a blank (`g r`), and what they do, in words. */
export interface Shortcut {
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
}

/** How long a sequence waits for its next key. */
const SEQUENCE_MS = 1_200;

/** The shortcuts that work on the present screen, in the order of their components. */
export const shortcuts = makeSignal<readonly Shortcut[]>([]);

/** Offers shortcuts while the component is shown. `list` may be new on every render; its keys and labels must stay the same. */
export function useShortcuts(list: readonly Shortcut[]): void {
  const current = useRef(list);
  current.current = list;
  useEffect(() => {
    const registered = current.current.map(({ keys, label }, index) => ({
      keys,
      label,
      run: () => current.current[index]?.run(),
    }));
    shortcuts.set([...shortcuts.get(), ...registered]);
    return () => shortcuts.set(shortcuts.get().filter((shortcut) => !registered.includes(shortcut)));
  }, []);
}

/** Listens for keys; what is typed into a field, or with a modifier, is not ours. */
export function listenForShortcuts(): void {
  let pressed: string[] = [];
  let last = 0;
  addEventListener('keydown', (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || isTyping(event.target) || isPress(event))
      return;
    if (document.querySelector('dialog[open]') && event.key !== '?') return;
    pressed = performance.now() - last > SEQUENCE_MS ? [event.key] : [...pressed, event.key];
    last = performance.now();
    const typed = pressed.join(' ');
    // A sequence wins over its last key alone, and the latest registered over the others: a dialog or a table over the shell.
    const list = shortcuts.get();
    const hit = list.findLast(({ keys }) => keys === typed) ?? list.findLast(({ keys }) => keys === event.key);
    if (hit) {
      event.preventDefault();
      pressed = [];
      hit.run();
    } else if (!list.some(({ keys }) => keys.startsWith(`${typed} `))) {
      pressed = [];
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button|submit)$/.test(target.type);
  return target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName));
}

const PRESSABLE = 'a, button, summary, [role=tab], [role=menuitem], [role=option]';

/** The keys that press what has the focus belong to it. */
function isPress({ key, target }: KeyboardEvent): boolean {
  return (key === 'Enter' || key === ' ') && target instanceof Element && target.closest(PRESSABLE) !== null;
}
