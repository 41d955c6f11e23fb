import { Ban, MoreHorizontal, RefreshCw } from 'lucide-react';
import { IconButton } from '../ui/button.tsx';
import type { Column } from '../ui/data-table.tsx';
import { Menu } from '../ui/menu.tsx';
import { Badge, statusWords } from '../ui/status-badge.tsx';
import { Time, useNow } from '../ui/time.tsx';
import type { ApiKey } from './documents.ts';
import { scopeName } from './scope-words.ts';

interface KeyActions {
  /** The key the viewer has signed in with. */
  readonly ownKeyId: string;
  readonly onRevoke: (key: ApiKey) => void;
  readonly onRotate: (key: ApiKey) => void;
}

/** The columns of the list of keys. */
export function keyColumns({ ownKeyId, onRevoke, onRotate }: KeyActions): readonly Column<ApiKey>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      size: 200,
      cell: ({ row: { original } }) => (
        <span className="flex items-center gap-2">
          <span className="truncate font-medium">{original.name}</span>
          {original.id === ownKeyId ? <Badge tone="accent">yours</Badge> : null}
        </span>
      ),
    },
    {
      id: 'prefix',
      header: 'Begins with',
      size: 150,
      cell: ({ row }) => <code className="font-mono text-xs">{row.original.prefix}…</code>,
    },
    { id: 'state', header: 'State', size: 120, cell: ({ row }) => <KeyState apiKey={row.original} /> },
    { id: 'scopes', header: 'May', size: 250, cell: ({ row }) => <Scopes apiKey={row.original} /> },
    { id: 'created', header: 'Created', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
    {
      id: 'expires',
      header: 'Expires',
      size: 120,
      cell: ({ row }) =>
        row.original.expiresAt ? <Time at={row.original.expiresAt} /> : <span className="text-muted">never</span>,
    },
    {
      id: 'actions',
      header: () => <span className="sr-only">Actions</span>,
      size: 56,
      cell: ({ row: { original } }) =>
        original.revokedAt === null ? (
          <Menu
            trigger={<IconButton label={`Actions for ${original.name}`} icon={MoreHorizontal} />}
            items={[
              { label: 'Rotate…', icon: RefreshCw, onSelect: () => onRotate(original) },
              { label: 'Revoke…', icon: Ban, danger: true, onSelect: () => onRevoke(original) },
            ]}
          />
        ) : null,
    },
  ];
}

/** Whether the key still opens anything. */
function KeyState({ apiKey }: { readonly apiKey: ApiKey }) {
  const now = useNow();
  if (apiKey.revokedAt) return <Badge tone="bad">revoked</Badge>;
  if (apiKey.expiresAt && Date.parse(apiKey.expiresAt) <= now) return <Badge tone="idle">expired</Badge>;
  if (apiKey.rotatedTo) return <Badge tone="warn">rotated</Badge>;
  return <Badge tone="ok">active</Badge>;
}

function Scopes({ apiKey: { role, scopes } }: { readonly apiKey: ApiKey }) {
  const names = scopes.map(scopeName).join(', ');
  return (
    <span className="truncate" title={names}>
      {role ? <span className="font-medium">{statusWords(role)} </span> : null}
      <span className="font-mono text-xs text-muted">{names}</span>
    </span>
  );
}
