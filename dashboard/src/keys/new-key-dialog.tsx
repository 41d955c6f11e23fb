import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** A key that has just been made. */
export interface NewKey {
  readonly key: string;
  readonly name: string;
  /** Whether the viewer is signed in with it from now on. */
  readonly isOwn: boolean;
}

/** Shows a new key, once: the server keeps a hash of it, and this page forgets it when the dialog closes. */
export function NewKeyDialog({ made, onClose }: { readonly made: NewKey | null; readonly onClose: () => void }) {
  return (
    <Dialog
      open={made !== null}
      onClose={onClose}
      title={`The key ${made?.name ?? ''}`}
      actions={
        <Button variant="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      <p className="mb-3">
        Copy it now: it is shown this once and kept by nobody. If it gets lost, revoke it and create another.
      </p>
      <div className="flex items-center gap-2 rounded-lg border bg-canvas p-2">
        <code className="min-w-0 flex-1 font-mono text-xs break-all">{made?.key}</code>
        <CopyButton text={made?.key ?? ''} label="Copy the key" />
      </div>
    </Dialog>
  );
}
