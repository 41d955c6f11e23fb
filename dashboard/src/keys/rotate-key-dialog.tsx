import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { signIn } from '../app/session.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, Select } from '../ui/field.tsx';
import { type ApiKey, RotateKeyMutation } from './documents.ts';
import type { NewKey } from './new-key-dialog.tsx';

interface RotateKeyDialogProps {
  /** The key to replace; null closes the dialog. */
  readonly apiKey: ApiKey | null;
  /** The key the viewer has signed in with. */
  readonly ownKeyId: string;
  readonly onClose: () => void;
  readonly onRotated: (key: NewKey) => void;
}

/** How long the old key goes on working, in minutes. */
const GRACE = [
  ['0', 'not at all'],
  ['60', 'an hour'],
  ['1440', 'a day'],
  ['10080', 'a week'],
] as const;

/** Replaces a key by a new one with the same rights; the old one works on for a while, so that nothing has to stop. */
export function RotateKeyDialog({ apiKey, ownKeyId, onClose, onRotated }: RotateKeyDialogProps) {
  const rotate = useAction(RotateKeyMutation);
  const [minutes, setMinutes] = useState('1440');

  async function submit(): Promise<void> {
    if (!apiKey) return;
    const { rotateApiKey } = await rotate.run({ id: apiKey.id, input: { gracePeriodMinutes: Number(minutes) } });
    const { key, apiKey: successor } = rotateApiKey;
    // The session would end with the old key, before anybody has read the new one.
    const isOwn = apiKey.id === ownKeyId;
    if (isOwn) await signIn({ api_key: key });
    onRotated({ key, name: successor.name, isOwn });
  }

  return (
    <ConfirmDialog
      open={apiKey !== null}
      onClose={onClose}
      title={`Rotate ${apiKey?.name ?? ''}`}
      confirm="Rotate the key"
      onConfirm={submit}
    >
      <div className="grid gap-4">
        <p>
          A new key with the same rights is made and shown once.
          {apiKey?.id === ownKeyId ? ' You are signed in with the old one, and go on with the new one.' : null}
        </p>
        <Field label="The old key works on for" hint="Long enough to put the new one everywhere.">
          {(ids) => (
            <Select {...ids} value={minutes} onChange={(event) => setMinutes(event.target.value)}>
              {GRACE.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </ConfirmDialog>
  );
}
