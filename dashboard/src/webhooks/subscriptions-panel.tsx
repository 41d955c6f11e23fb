import { MoreHorizontal, Pencil, Plus, Send, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { usePages } from '../api/use-pages.ts';
import { useAddress } from '../app/use-address.ts';
import { useCan } from '../app/viewer.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Menu } from '../ui/menu.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { useToast } from '../ui/toast.tsx';
import { DeleteSubscriptionMutation, type Subscription, SubscriptionsQuery, TestSubscriptionMutation } from './documents.ts';
import { eventName } from './event-types.ts';
import { SecretDialog } from './secret-dialog.tsx';
import { SubscriptionDialog } from './subscription-dialog.tsx';

/** The URLs that are told of endings. */
export function SubscriptionsPanel() {
  const canWrite = useCan('JOBS_WRITE');
  const pages = usePages(SubscriptionsQuery, {}, (data) => data.webhookSubscriptions);
  const remove = useAction(DeleteSubscriptionMutation);
  const test = useAction(TestSubscriptionMutation);
  const toast = useToast();
  const { change } = useAddress();
  const [editing, setEditing] = useState<Subscription | 'new' | null>(null);
  const [deleting, setDeleting] = useState<Subscription | null>(null);
  const [secret, setSecret] = useState<string | null>(null);

  const columns = useMemo(() => {
    const sendTest = async ({ id }: Subscription) => {
      try {
        await test.run({ id });
        toast({ text: 'A test message is on its way.' });
        change({ tab: 'deliveries', subscription: id }, 'push');
      } catch (error) {
        toast({ text: error instanceof Error ? error.message : String(error) });
      }
    };
    return subscriptionColumns(canWrite, {
      onEdit: setEditing,
      onDelete: setDeleting,
      onTest: (subscription) => void sendTest(subscription),
    });
  }, [canWrite, test.run, toast, change]);

  return (
    <div className="flex h-[calc(100dvh-10rem)] min-h-80 flex-col gap-3">
      {canWrite ? (
        <div className="flex justify-end">
          <Button variant="primary" icon={Plus} onClick={() => setEditing('new')}>
            Subscribe a URL
          </Button>
        </div>
      ) : null}
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Webhook subscriptions"
        rows={pages.rows}
        columns={columns}
        rowId={(subscription) => subscription.id}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="Nobody is told yet">
            <p>Subscribe a URL, and it gets a signed message whenever a run or a workflow run ends in a way it asked for.</p>
          </EmptyState>
        }
      />
      <SubscriptionDialog
        editing={editing}
        onClose={() => setEditing(null)}
        onSaved={(_subscription, made) => {
          setSecret(made);
          pages.reload();
        }}
      />
      <SecretDialog secret={secret} onClose={() => setSecret(null)} />
      <ConfirmDialog
        open={deleting !== null}
        onClose={() => setDeleting(null)}
        title="Delete the subscription"
        confirm="Delete it"
        danger
        onConfirm={async () => {
          if (deleting) await remove.run({ id: deleting.id });
          pages.reload();
        }}
      >
        <p>
          <span className="break-all">{deleting?.webhookUrl}</span> is told nothing more, messages still to be sent included. To
          stop for a while only, change it and make it inactive.
        </p>
      </ConfirmDialog>
    </div>
  );
}

interface SubscriptionActions {
  readonly onEdit: (subscription: Subscription) => void;
  readonly onDelete: (subscription: Subscription) => void;
  readonly onTest: (subscription: Subscription) => void;
}

function subscriptionColumns(
  canWrite: boolean,
  { onEdit, onDelete, onTest }: SubscriptionActions,
): readonly Column<Subscription>[] {
  const columns: Column<Subscription>[] = [
    {
      id: 'url',
      header: 'URL',
      size: 340,
      cell: ({ row }) => <span className="font-mono text-xs">{row.original.webhookUrl}</span>,
    },
    { id: 'state', header: 'State', size: 100, cell: ({ row }) => <SubscriptionState subscription={row.original} /> },
    {
      id: 'types',
      header: 'Is told of',
      size: 320,
      cell: ({ row }) => {
        const names = row.original.eventTypes.map(eventName).join(', ');
        return <span title={names}>{names}</span>;
      },
    },
    { id: 'created', header: 'Created', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  ];
  if (!canWrite) return columns;
  return [
    ...columns,
    {
      id: 'actions',
      header: () => <span className="sr-only">Actions</span>,
      size: 56,
      cell: ({ row: { original } }) => (
        <Menu
          trigger={<IconButton label={`Actions for ${original.webhookUrl}`} icon={MoreHorizontal} />}
          items={[
            { label: 'Send a test message', icon: Send, onSelect: () => onTest(original) },
            { label: 'Change…', icon: Pencil, onSelect: () => onEdit(original) },
            { label: 'Delete…', icon: Trash2, danger: true, onSelect: () => onDelete(original) },
          ]}
        />
      ),
    },
  ];
}

function SubscriptionState({ subscription: { active, goneAt } }: { readonly subscription: Subscription }) {
  if (goneAt) return <Badge tone="bad">gone (410)</Badge>;
  return active ? <Badge tone="ok">active</Badge> : <Badge>inactive</Badge>;
}
