import { type ReactNode, useState } from 'react';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, to what, and whether it can be undone. */
  readonly children: ReactNode;
  /** The verb, as on the button that led here. */
  readonly confirm: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Does it; the dialog closes when it has resolved, and shows why when it rejects. */
  readonly onConfirm: () => Promise<unknown>;
}

/** Asks before something is done, does it, and stays open with the reason when it could not be done. */
export function ConfirmDialog({
  open,
  onClose,
  title,
  children,
  confirm,
  danger = false,
  disabled,
  onConfirm,
}: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  function close(): void {
    setProblem(null);
    onClose();
  }

  async function run(): Promise<void> {
    setBusy(true);
    try {
      await onConfirm();
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      actions={
        <>
          <Button onClick={close}>Close</Button>
          <Button variant={danger ? 'danger' : 'primary'} busy={busy} disabled={disabled} onClick={() => void run()}>
            {confirm}
          </Button>
        </>
      }
    >
      {children}
      {problem ? (
        <p role="alert" className="mt-3 rounded-md bg-bad-soft p-2 text-bad">
          {problem}
        </p>
      ) : null}
    </Dialog>
  );
}
