import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, Select } from '../ui/field.tsx';
import { type ApiKey, RotateKeyMutation } from './documents.ts';
import type { NewKey } from './new-key-dialog.tsx';

interface RotateKeyDialogProps {
  /** The key to replace; null closes the dialog. */
  readonly apiKey: ApiKey | null;
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
export function RotateKeyDialog({ apiKey, onClose, onRotated }: RotateKeyDialogProps) {
  const rotate = useAction(RotateKeyMutation);
  const [minutes, setMinutes] = useState('1440');

  async function submit(): Promise<void> {
    if (!apiKey) return;
    const { rotateApiKey } = await rotate.run({ id: apiKey.id, input: { gracePeriodMinutes: Number(minutes) } });
    onRotated({ key: rotateApiKey.key, name: rotateApiKey.apiKey.name });
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
        <p>A new key with the same rights is made and shown once.</p>
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
