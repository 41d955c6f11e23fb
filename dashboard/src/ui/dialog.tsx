import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './button.tsx';
import { ScrollRegion } from './scroll-region.tsx';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** The buttons at the end. */
  readonly actions?: ReactNode;
  readonly wide?: boolean;
}

/** Asks for attention. The browser's own dialog: it keeps the focus, gives it back, and closes with Escape. */
export function Dialog({ open, onClose, title, children, actions, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onClose={onClose}
      onCancel={(event) => {
        // A cancel that bubbles up from a control inside, a file chooser for instance, is not about the dialog.
        if (event.target === dialog.current) onClose();
      }}
      className={`m-auto max-h-[90dvh] w-[calc(100vw-2rem)] ${wide ? 'max-w-3xl' : 'max-w-lg'} flex-col rounded-xl border bg-raised text-ink shadow-xl open:flex`}
    >
      {open ? (
        <>
          <div className="flex items-center justify-between gap-2 border-b px-4 py-2">
            <h2 id={id} className="font-semibold">
              {title}
            </h2>
            <IconButton label="Close" icon={X} onClick={onClose} />
          </div>
          <ScrollRegion label={title} className="min-h-0 p-4">
            {children}
          </ScrollRegion>
          {actions ? <div className="flex flex-wrap justify-end gap-2 border-t px-4 py-3">{actions}</div> : null}
        </>
      ) : null}
    </dialog>
  );
}
