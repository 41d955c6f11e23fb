import { createLazyRoute } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { usePages } from '../api/use-pages.ts';
import { signOut } from '../app/session.ts';
import { useCan, useViewer } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Screen } from '../ui/screen.tsx';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { type ApiKey, ApiKeysQuery, RevokeKeyMutation } from './documents.ts';
import { keyColumns } from './key-columns.tsx';
import { type NewKey, NewKeyDialog } from './new-key-dialog.tsx';
import { RotateKeyDialog } from './rotate-key-dialog.tsx';

/** The keys that open this project: who may do what, and until when. */
function KeysScreen() {
  const { keyId } = useViewer();
  const canManage = useCan('API_KEYS_MANAGE');
  const pages = usePages(ApiKeysQuery, canManage ? {} : null, (data) => data.apiKeys);
  const revoke = useAction(RevokeKeyMutation);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
  const [made, setMade] = useState<NewKey | null>(null);
  const columns = useMemo(() => keyColumns({ ownKeyId: keyId, onRevoke: setRevoking, onRotate: setRotating }), [keyId]);

  function show(key: NewKey): void {
    setMade(key);
    pages.reload();
  }

  if (!canManage) {
    return (
      <Screen title="API keys">
        <EmptyState title="Your key does not manage keys">
          <p>Keys are listed and made with a key that has the scope api-keys:manage. Ask whoever gave you yours.</p>
        </EmptyState>
      </Screen>
    );
  }
  return (
    <Screen
      title="API keys"
      fixed
      actions={
        <Button variant="primary" icon={Plus} onClick={() => setCreating(true)}>
          Create a key
        </Button>
      }
    >
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="API keys"
        rows={pages.rows}
        columns={columns}
        rowId={(key) => key.id}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="No keys yet">
            <p>A key is what programs and people sign in with. Create one for each of them, with no more than it needs.</p>
          </EmptyState>
        }
      />
      <CreateKeyDialog open={creating} onClose={() => setCreating(false)} onCreated={show} />
      <RotateKeyDialog apiKey={rotating} ownKeyId={keyId} onClose={() => setRotating(null)} onRotated={show} />
      <NewKeyDialog
        made={made}
        onClose={() => {
          setMade(null);
          // Everything this page knows, its live connection included, is the old key's.
          if (made?.isOwn) location.reload();
        }}
      />
      <ConfirmDialog
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        title={`Revoke ${revoking?.name ?? ''}`}
        confirm="Revoke the key"
        danger
        onConfirm={async () => {
          if (!revoking) return;
          await revoke.run({ id: revoking.id });
          if (revoking.id !== keyId) return pages.reload();
          await signOut();
          location.reload();
        }}
      >
        <p>
          Every request with the key <code className="font-mono">{revoking?.prefix}…</code> is refused from now on. This cannot be
          undone; a program that still uses it needs a new key.
        </p>
        {revoking?.id === keyId ? (
          <p className="mt-2 font-medium text-bad">You are signed in with this key: your session ends, too.</p>
        ) : null}
      </ConfirmDialog>
    </Screen>
  );
}

export const Route = createLazyRoute('/keys')({ component: KeysScreen });
