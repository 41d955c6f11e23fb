import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** Shows the secret of a new subscription, once. */
export function SecretDialog({ secret, onClose }: { readonly secret: string | null; readonly onClose: () => void }) {
  return (
    <Dialog
      open={secret !== null}
      onClose={onClose}
      title="The signing secret"
      actions={
        <Button variant="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      <p className="mb-3">
        The receiver checks with it that a message is ours: give it to any Standard Webhooks library. It is shown this once; if it
        gets lost, change the subscription and give it another.
      </p>
      <div className="flex items-center gap-2 rounded-lg border bg-canvas p-2">
        <code className="min-w-0 flex-1 font-mono text-xs break-all">{secret}</code>
        <CopyButton text={secret ?? ''} label="Copy the secret" />
      </div>
    </Dialog>
  );
}
