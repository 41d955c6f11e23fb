import { useState } from 'react';
import { graphql } from '../../api/graphql.ts';
import { useAction } from '../../api/use-action.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Field, TextInput } from '../../ui/field.tsx';
import { useToast } from '../../ui/toast.tsx';

/** What these views are of, for the API. */
export const SCREEN = 'runs';

/** Keeps a view, in place of the one with its name. */
export const SaveViewMutation = graphql(`
  mutation SaveView($input: SaveViewInput!) {
    saveView(input: $input) {
      id
      name
    }
  }
`);

interface SaveViewDialogProps {
  readonly open: boolean;
  /** The filter to keep. */
  readonly text: string;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

/** Gives the filter in use a name. */
export function SaveViewDialog({ open, text, onClose, onSaved }: SaveViewDialogProps) {
  const [name, setName] = useState('');
  const save = useAction(SaveViewMutation);
  const toast = useToast();
  const trimmed = name.trim();
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Save this filter as a view"
      confirm="Save"
      disabled={trimmed === ''}
      onConfirm={async () => {
        await save.run({ input: { screen: SCREEN, name: trimmed, query: new URLSearchParams({ q: text }).toString() } });
        onSaved();
        setName('');
        toast({ text: `The view “${trimmed}” is saved for everybody in the project.` });
      }}
    >
      <div className="grid gap-3">
        <Field label="Name" hint="A view of this name is replaced.">
          {(ids) => <TextInput {...ids} value={name} maxLength={128} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <p className="font-mono text-xs break-words text-muted">{text}</p>
      </div>
    </ConfirmDialog>
  );
}
