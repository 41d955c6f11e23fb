import { useState } from 'react';
import { useQuery } from 'urql';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Checkbox, Field, Select, TextInput } from '../ui/field.tsx';
import { statusWords } from '../ui/status-badge.tsx';
import { CreateKeyMutation, RolesQuery } from './documents.ts';
import type { NewKey } from './new-key-dialog.tsx';
import { SCOPE_GROUPS, type Scope, scopeName } from './scope-words.ts';

interface CreateKeyDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onCreated: (key: NewKey) => void;
}

const DAYS = [
  ['', 'never'],
  ['7', 'in 7 days'],
  ['30', 'in 30 days'],
  ['90', 'in 90 days'],
  ['365', 'in a year'],
] as const;

/** Makes a key: a name for people, a role or single scopes, and how long it lasts. */
export function CreateKeyDialog({ open, onClose, onCreated }: CreateKeyDialogProps) {
  const [{ data }] = useQuery({ query: RolesQuery, pause: !open });
  const isInstanceAdmin = useCan('INSTANCE_ADMIN');
  const create = useAction(CreateKeyMutation);
  const [name, setName] = useState('');
  const [role, setRole] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set());
  const [days, setDays] = useState('90');
  const chosen = data?.roles.find((known) => known.role === role);

  function toggle(scope: Scope): void {
    const next = new Set(scopes);
    if (!next.delete(scope)) next.add(scope);
    setScopes(next);
  }

  async function submit(): Promise<void> {
    const rights = chosen ? { role: chosen.role } : { scopes: [...scopes] };
    const { createApiKey } = await create.run({
      input: { name: name.trim(), ...rights, ...(days && { expiresInDays: Number(days) }) },
    });
    setName('');
    setScopes(new Set());
    setRole('');
    onCreated({ key: createApiKey.key, name: createApiKey.apiKey.name, isOwn: false });
  }

  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Create an API key"
      confirm="Create the key"
      disabled={name.trim() === '' || (chosen === undefined && scopes.size === 0)}
      onConfirm={submit}
    >
      <div className="grid gap-4">
        <Field label="Name" hint="Who or what will use it: it stands beside everything the key does.">
          {(ids) => <TextInput {...ids} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Field label="Role" hint={chosen ? chosen.scopes.map(scopeName).join(', ') : 'Or choose single scopes below.'}>
          {(ids) => (
            <Select {...ids} value={role} onChange={(event) => setRole(event.target.value)}>
              <option value="">none, single scopes</option>
              {data?.roles.map((known) => (
                <option key={known.role} value={known.role}>
                  {statusWords(known.role)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {chosen ? null : (
          <div className="grid gap-3 sm:grid-cols-2">
            {SCOPE_GROUPS.map(({ title, scopes: group }) => (
              <fieldset key={title} className="grid content-start gap-1">
                <legend className="mb-1 font-medium">{title}</legend>
                {group
                  .filter(([scope]) => scope !== 'INSTANCE_ADMIN' || isInstanceAdmin)
                  .map(([scope, words]) => (
                    <Checkbox key={scope} label={words} checked={scopes.has(scope)} onChange={() => toggle(scope)} />
                  ))}
              </fieldset>
            ))}
          </div>
        )}
        <Field label="Expires">
          {(ids) => (
            <Select {...ids} value={days} onChange={(event) => setDays(event.target.value)}>
              {DAYS.map(([value, label]) => (
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
