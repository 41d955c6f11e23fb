import { X } from 'lucide-react';
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { Button, IconButton } from './button.tsx';

/** A short message about what has just happened, with a way back where there is one. */
export interface Toast {
  readonly text: string;
  readonly undo?: { readonly label: string; readonly run: () => Promise<unknown> };
  /** Where what was done can be seen; `open` goes there without loading the app anew. */
  readonly link?: { readonly label: string; readonly href: string; readonly open: () => void };
}

const SHOWN_MS = 8_000;

const ToastContext = createContext<(toast: Toast) => void>(() => {});

/** Shows a message for a while; it is read out, too. */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext);
}

/** Keeps the messages; `first` is shown at once. */
export function ToastProvider({ first, children }: { readonly first: string | null; readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly (Toast & { readonly id: number })[]>(first ? [{ id: 0, text: first }] : []);
  const dismiss = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (toast: Toast) => {
      const id = performance.now();
      setShown((all) => [...all.slice(-2), { ...toast, id }]);
      setTimeout(() => dismiss(id), SHOWN_MS);
    },
    [dismiss],
  );
  return (
    <ToastContext value={show}>
      {children}
      <div role="status" aria-live="polite" className="pointer-events-none fixed right-4 bottom-4 z-40 grid gap-2">
        {shown.map(({ id, text, undo, link }) => (
          <div
            key={id}
            className="pointer-events-auto flex max-w-sm items-center gap-2 rounded-lg border bg-raised px-3 py-2 shadow-lg"
          >
            <span className="min-w-0 flex-1">{text}</span>
            {link ? (
              <a
                href={link.href}
                className="font-medium text-accent underline"
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  dismiss(id);
                  link.open();
                }}
              >
                {link.label}
              </a>
            ) : null}
            {undo ? (
              <Button
                onClick={() => {
                  dismiss(id);
                  undo.run().catch((error: unknown) => show({ text: error instanceof Error ? error.message : String(error) }));
                }}
              >
                {undo.label}
              </Button>
            ) : null}
            <IconButton label="Dismiss" icon={X} onClick={() => dismiss(id)} />
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
