import { useEffect, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Checkbox, Field, TextInput } from '../ui/field.tsx';
import { CreateSubscriptionMutation, type Subscription, UpdateSubscriptionMutation } from './documents.ts';
import { EVENT_GROUPS, type EventType, eventName } from './event-types.ts';

interface SubscriptionDialogProps {
  /** The subscription to change, `new` to make one, null to show nothing. */
  readonly editing: Subscription | 'new' | null;
  readonly onClose: () => void;
  /** Told when it is stored; the secret comes with a new one whose secret the server has made. */
  readonly onSaved: (subscription: Subscription, secret: string | null) => void;
}

const DEFAULT_TYPES: readonly EventType[] = ['RUN_FAILED', 'RUN_DEAD_LETTER'];

/** Makes or changes a subscription: where messages go, and which. */
export function SubscriptionDialog({ editing, onClose, onSaved }: SubscriptionDialogProps) {
  const create = useAction(CreateSubscriptionMutation);
  const update = useAction(UpdateSubscriptionMutation);
  const [url, setUrl] = useState('');
  const [types, setTypes] = useState<ReadonlySet<EventType>>(new Set());
  const [active, setActive] = useState(true);
  const [secret, setSecret] = useState('');

  useEffect(() => {
    if (editing === null) return;
    const from = editing === 'new' ? { webhookUrl: '', eventTypes: DEFAULT_TYPES, active: true } : editing;
    setUrl(from.webhookUrl);
    setTypes(new Set(from.eventTypes));
    setActive(from.active);
    setSecret('');
  }, [editing]);

  function toggle(type: EventType): void {
    const next = new Set(types);
    if (!next.delete(type)) next.add(type);
    setTypes(next);
  }

  async function submit(): Promise<void> {
    const input = { webhookUrl: url.trim(), eventTypes: [...types], active, ...(secret && { secret }) };
    if (editing === 'new') {
      const { createWebhookSubscription } = await create.run({ input });
      onSaved(createWebhookSubscription.subscription, createWebhookSubscription.secret);
    } else if (editing) {
      const { updateWebhookSubscription } = await update.run({ id: editing.id, input });
      onSaved(updateWebhookSubscription, null);
    }
  }

  const isNew = editing === 'new';
  return (
    <ConfirmDialog
      open={editing !== null}
      onClose={onClose}
      title={isNew ? 'Subscribe a URL' : 'Change the subscription'}
      confirm={isNew ? 'Subscribe' : 'Save'}
      disabled={url.trim() === '' || types.size === 0}
      onConfirm={submit}
    >
      <div className="grid gap-4">
        <Field
          label="URL"
          hint="Messages are sent here by POST, signed as Standard Webhooks describes, and again until it answers 2xx."
        >
          {(ids) => (
            <TextInput
              {...ids}
              type="url"
              placeholder="https://example.com/hooks"
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          )}
        </Field>
        <div className="grid gap-3 sm:grid-cols-2">
          {EVENT_GROUPS.map(({ title, types: group }) => (
            <fieldset key={title} className="grid content-start gap-1">
              <legend className="mb-1 font-medium">{title}</legend>
              {group.map((type) => (
                <Checkbox key={type} label={eventName(type)} checked={types.has(type)} onChange={() => toggle(type)} />
              ))}
            </fieldset>
          ))}
        </div>
        <Field
          label="Signing secret"
          hint={
            isNew
              ? 'Empty: one is made, and shown once.'
              : 'Empty: it stays as it is. Another one holds from the next message on.'
          }
        >
          {(ids) => (
            <TextInput
              {...ids}
              type="password"
              autoComplete="off"
              value={secret}
              onChange={(event) => setSecret(event.target.value)}
            />
          )}
        </Field>
        <Checkbox label="Active: messages are sent" checked={active} onChange={(event) => setActive(event.target.checked)} />
      </div>
    </ConfirmDialog>
  );
}
